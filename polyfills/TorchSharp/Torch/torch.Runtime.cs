using System.Runtime.InteropServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    private static ScalarType s_defaultType = ScalarType.Float32;

    /// <summary>The version of the libtorch that the shim was built against.</summary>
    public static unsafe string __version__ { get; } = Marshal.PtrToStringUTF8((nint)Shim.torchshim_version())!;

    public static DisposeScope NewDisposeScope() => DisposeScopeManager.Begin();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.Current;

    public static T WrappedTensorDisposeScope<T>(Func<T> expr) where T : IDisposable
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(expr());
    }

    public static ScalarType get_default_dtype() => s_defaultType;

    public static void set_default_dtype(ScalarType dtype) => s_defaultType = is_floating_point(dtype)
        ? dtype
        : throw new ArgumentException("only floating-point types are supported as the default type");

    public static int get_num_threads() => Shim.torchshim_threads();

    public static void set_num_threads(int num) => Shim.Check(Shim.torchshim_set_threads(num));

    public static int get_num_interop_threads() => Shim.torchshim_interop_threads();

    public static void set_num_interop_threads(int num) => Shim.Check(Shim.torchshim_set_interop_threads(num));

    public static IDisposable no_grad() => new GradMode(enabled: false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);

    public static bool is_grad_enabled() => Shim.torchshim_grad_mode() != 0;

    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static bool is_inference_mode_enabled() => Shim.torchshim_inference_mode() != 0;

    /// <summary>Sets the thread's grad mode until disposed.</summary>
    private sealed class GradMode : IDisposable
    {
        private readonly bool _before = is_grad_enabled();

        public GradMode(bool enabled) => Shim.torchshim_set_grad_mode(enabled ? 1 : 0);

        public void Dispose() => Shim.torchshim_set_grad_mode(_before ? 1 : 0);
    }

    /// <summary>Tensors created meanwhile have no version counters and no autograd; ends on the thread that began it.</summary>
    private sealed class InferenceMode(bool enabled) : IDisposable
    {
        private nint _guard = Shim.torchshim_inference_begin(enabled ? 1 : 0);

        public void Dispose()
        {
            nint guard = Interlocked.Exchange(ref _guard, 0);
            if (guard != 0)
            {
                Shim.torchshim_inference_end(guard);
            }
        }
    }

    public static partial class cuda
    {
        public static bool is_available() => Shim.torchshim_cuda_available() != 0;

        public static bool is_cudnn_available() => Shim.torchshim_cudnn_available() != 0;

        public static int device_count() => Shim.torchshim_cuda_count();

        public static void manual_seed(long seed) => Shim.Check(Shim.torchshim_cuda_manual_seed((ulong)seed, 0));

        public static void manual_seed_all(long seed) => Shim.Check(Shim.torchshim_cuda_manual_seed((ulong)seed, 1));

        public static void synchronize(Device? device = null) => Shim.Check(Shim.torchshim_cuda_synchronize(device?.index ?? -1));
    }

    public static bool cuda_is_available() => cuda.is_available();
}
