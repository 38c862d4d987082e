using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// CUDA graphs by way of libcudagraphs.so (cuda/graphs.cpp), which is built where LIBTORCH and the CUDA toolkit have the headers for it. Without that library, or once something went wrong
/// with it, nothing is recorded.
/// </summary>
internal sealed partial class CudaGraphs : IStepRecorder
{
    /// <summary>Turns CUDA graphs on when it says "on". They have not run on a device yet, and so nobody gets them unasked.</summary>
    public const string Switch = "LIGHTREASONER_CUDA_GRAPHS";

    private const string Library = "cudagraphs";

    // Whatever is only set up at a first call (handles, workspaces, kernels) must be there before recording, in which that is not allowed.
    private const int WarmUps = 2;

    private static readonly Lazy<bool> s_loaded = new(Load);
    private static volatile bool s_distrusted;

    private readonly nint _recorder;

    private CudaGraphs(nint recorder) => _recorder = recorder;

    public bool Trusted => !s_distrusted;

    /// <summary>Whether steps on a device can be recorded.</summary>
    public static bool AreThereFor(Device device) => device.type == DeviceType.CUDA && !s_distrusted && s_loaded.Value;

    /// <summary>Whether they are to be.</summary>
    public static bool AreUsedOn(Device device) => string.Equals(Environment.GetEnvironmentVariable(Switch), "on", StringComparison.OrdinalIgnoreCase) && AreThereFor(device);

    /// <summary>A recorder for steps on a device, with memory of its own; null where there are no CUDA graphs.</summary>
    public static CudaGraphs? TryOpen(Device device)
    {
        if (!AreThereFor(device))
            return null;
        var recorder = graphs_open(device.index);
        if (recorder != 0)
            return new CudaGraphs(recorder);
        GiveUp(LastError());
        return null;
    }

    public IRecordedStep Record(Func<Tensor> body)
    {
        Check(graphs_enter(_recorder));
        try
        {
            for (var i = 0; i < WarmUps; i++)
                body().Dispose();
            return Capture(body);
        }
        finally
        {
            Check(graphs_leave(_recorder));
        }
    }

    public void Distrust(string reason) => GiveUp(reason);

    public void Dispose() => graphs_close(_recorder);

    private Graph Capture(Func<Tensor> body)
    {
        var graph = graphs_begin(_recorder);
        if (graph == 0)
            throw new ExternalException(LastError());
        Tensor output;
        try
        {
            output = body().DetachFromDisposeScope();
        }
        catch
        {
            graphs_end(graph);
            graphs_free(graph);
            throw;
        }
        if (graphs_end(graph) < 0)
        {
            var reason = LastError();
            output.Dispose();
            graphs_free(graph);
            throw new ExternalException(reason);
        }
        return new Graph(graph, output);
    }

    private static bool Load()
    {
        var file = Path.Combine(AppContext.BaseDirectory, $"lib{Library}.so");
        if (!File.Exists(file))
            return false;
        try
        {
            NativeLibrary.Load(file);
            return true;
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            GiveUp(e.Message);
            return false;
        }
    }

    private static void GiveUp(string reason)
    {
        if (s_distrusted)
            return;
        s_distrusted = true;
        Console.Error.WriteLine($"CUDA graphs are off from here on, decoding goes on without them: {reason}");
    }

    private static void Check(int status)
    {
        if (status < 0)
            throw new ExternalException(LastError());
    }

    private static string LastError() => Marshal.PtrToStringUTF8(graphs_last_error()) ?? "";

    private sealed class Graph(nint graph, Tensor output) : IRecordedStep
    {
        public Tensor Output { get; } = output;

        public void Replay() => Check(graphs_replay(graph));

        public void Dispose()
        {
            Output.Dispose();
            graphs_free(graph);
        }
    }

    [LibraryImport(Library)]
    private static partial nint graphs_last_error();

    [LibraryImport(Library)]
    private static partial nint graphs_open(int device);

    [LibraryImport(Library)]
    private static partial void graphs_close(nint recorder);

    [LibraryImport(Library)]
    private static partial int graphs_enter(nint recorder);

    [LibraryImport(Library)]
    private static partial int graphs_leave(nint recorder);

    [LibraryImport(Library)]
    private static partial nint graphs_begin(nint recorder);

    [LibraryImport(Library)]
    private static partial int graphs_end(nint graph);

    [LibraryImport(Library)]
    private static partial int graphs_replay(nint graph);

    [LibraryImport(Library)]
    private static partial void graphs_free(nint graph);
}
