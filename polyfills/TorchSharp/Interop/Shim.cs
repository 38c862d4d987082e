using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>The functions of libtorchshim.so (native/*.cpp). Names and layouts must match.</summary>
internal static unsafe partial class Shim
{
    private const string Library = "torchshim";

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint torchshim_find(string name, string overload);

    [LibraryImport(Library)]
    public static partial int torchshim_call(nint op, Value* arguments, int count, Value* results, int capacity);

    [LibraryImport(Library)]
    public static partial void torchshim_free(void* memory);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial byte* torchshim_last_error();

    [LibraryImport(Library)]
    public static partial byte* torchshim_version();

    [LibraryImport(Library)]
    public static partial long torchshim_live_handles();

    [LibraryImport(Library)]
    public static partial void torchshim_tensor_free(nint tensor);

    [LibraryImport(Library)]
    public static partial nint torchshim_tensor_alias(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int torchshim_tensor_facts(nint tensor, TensorFacts* facts);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int torchshim_tensor_dtype(nint tensor);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int torchshim_tensor_sizes(nint tensor, long* into, int capacity, int strides);

    [LibraryImport(Library)]
    public static partial void* torchshim_tensor_data(nint tensor);

    [LibraryImport(Library)]
    public static partial nint torchshim_tensor_over(void* data, long* sizes, int dimensions, int dtype, delegate* unmanaged<void*, void> release, void* context);

    [LibraryImport(Library)]
    public static partial int torchshim_tensor_set_requires_grad(nint tensor, int requiresGrad);

    [LibraryImport(Library)]
    public static partial nint torchshim_tensor_grad(nint tensor);

    [LibraryImport(Library)]
    public static partial int torchshim_tensor_set_grad(nint tensor, nint grad);

    [LibraryImport(Library)]
    public static partial int torchshim_tensor_set_data(nint tensor, nint data);

    [LibraryImport(Library)]
    public static partial int torchshim_backward(nint* roots, nint* gradients, int count, int retainGraph, int createGraph, nint* inputs, int inputsCount);

    [LibraryImport(Library)]
    public static partial int torchshim_grad(
        nint* outputs, nint* gradients, int outputsCount, nint* inputs, int inputsCount, int retainGraph, int createGraph, int allowUnused, nint* results);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void torchshim_set_error(string message);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int torchshim_function_attach(
        nint output, nint* inputs, int count, nint* saved, int savedCount, string name,
        delegate* unmanaged<nint, nint, nint*, int, nint*, int, int> backward, delegate* unmanaged<nint, void> release, nint context);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int torchshim_grad_mode();

    [LibraryImport(Library), SuppressGCTransition]
    public static partial void torchshim_set_grad_mode(int enabled);

    [LibraryImport(Library), SuppressGCTransition]
    public static partial int torchshim_inference_mode();

    [LibraryImport(Library)]
    public static partial nint torchshim_inference_begin(int enabled);

    [LibraryImport(Library)]
    public static partial void torchshim_inference_end(nint guard);

    [LibraryImport(Library)]
    public static partial int torchshim_threads();

    [LibraryImport(Library)]
    public static partial int torchshim_set_threads(int count);

    [LibraryImport(Library)]
    public static partial int torchshim_interop_threads();

    [LibraryImport(Library)]
    public static partial int torchshim_set_interop_threads(int count);

    [LibraryImport(Library)]
    public static partial int torchshim_manual_seed(ulong seed);

    [LibraryImport(Library)]
    public static partial nint torchshim_generator_default(int deviceType, int deviceIndex);

    [LibraryImport(Library)]
    public static partial nint torchshim_generator_new(ulong seed, int deviceType, int deviceIndex);

    [LibraryImport(Library)]
    public static partial void torchshim_generator_free(nint generator);

    [LibraryImport(Library)]
    public static partial int torchshim_generator_seed(nint generator, ulong seed);

    [LibraryImport(Library)]
    public static partial ulong torchshim_generator_random_seed(nint generator);

    [LibraryImport(Library)]
    public static partial ulong torchshim_generator_initial_seed(nint generator);

    [LibraryImport(Library)]
    public static partial nint torchshim_generator_state(nint generator);

    [LibraryImport(Library)]
    public static partial int torchshim_generator_set_state(nint generator, nint state);

    [LibraryImport(Library)]
    public static partial int torchshim_cuda_available();

    [LibraryImport(Library)]
    public static partial int torchshim_cudnn_available();

    [LibraryImport(Library)]
    public static partial int torchshim_cuda_count();

    [LibraryImport(Library)]
    public static partial int torchshim_cuda_synchronize(long device);

    [LibraryImport(Library)]
    public static partial int torchshim_cuda_manual_seed(ulong seed, int all);

    /// <summary>Throws libtorch's message when a shim function reported a failure.</summary>
    public static void Check(int status)
    {
        if (status < 0)
        {
            Throw();
        }
    }

    public static nint Check(nint handle)
    {
        if (handle == 0)
        {
            Throw();
        }

        return handle;
    }

    public static void Throw() => throw new ExternalException(LastError());

    public static string LastError() => Marshal.PtrToStringUTF8((nint)torchshim_last_error()) ?? "";

    // The resolver must be in place before whichever function is called first.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void ResolveBesideThisAssembly() =>
        NativeLibrary.SetDllImportResolver(typeof(Shim).Assembly, static (name, assembly, search) =>
        {
            if (name != Library)
            {
                return 0;
            }

            BlasKernels.Choose();
            string beside = Path.Combine(AppContext.BaseDirectory, "libtorchshim.so");
            try
            {
                return File.Exists(beside) ? NativeLibrary.Load(beside) : NativeLibrary.Load(Library, assembly, search);
            }
            catch (DllNotFoundException error)
            {
                throw new DllNotFoundException(
                    "libtorchshim.so or the libtorch it was built against could not be loaded. Debian and Ubuntu: apt-get install libtorch-dev " +
                    "libopenblas0-pthread; another libtorch: build with LIBTORCH=<folder that holds include/ and lib/>. " + error.Message, error);
            }
        });
}

/// <summary>Mirrors TensorFacts of native/tensor.cpp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TensorFacts
{
    public long NumberOfElements;
    public long Dimensions;
    public long StorageOffset;
    public int DType;
    public int DeviceType;
    public int DeviceIndex;
    public int Layout;
    public int ElementSize;
    public int Flags;

    public readonly bool RequiresGrad => (Flags & 1) != 0;
    public readonly bool IsLeaf => (Flags & 2) != 0;
    public readonly bool IsContiguous => (Flags & 4) != 0;
    public readonly bool IsInference => (Flags & 8) != 0;
    public readonly bool HasGradFunction => (Flags & 16) != 0;
}
