using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Training;

/// <summary>The functions of NCCL that are used, as nccl.h declares them (2.10 or newer); each returns 0 for success.</summary>
internal interface INccl
{
    /// <summary>A communicator for each of some GPUs of this process.</summary>
    int CommInitAll(nint[] comms, int[] devices);

    /// <summary>Begins calls that start together.</summary>
    int GroupStart();

    /// <summary>Starts them.</summary>
    int GroupEnd();

    /// <summary>Element-wise reduction, of which each rank receives its part.</summary>
    int ReduceScatter(nint send, nint receive, long receiveCount, int type, int operation, nint comm);

    /// <summary>Each rank's part, to all.</summary>
    int AllGather(nint send, nint receive, long sendCount, int type, nint comm);

    /// <summary>Frees a communicator.</summary>
    int CommDestroy(nint comm);

    /// <summary>What an error number means.</summary>
    string ErrorText(int result);
}

/// <summary>libnccl.so.2, or libtorch's own copy of it. Work is queued on the devices' default streams, where libtorch's is.</summary>
internal sealed unsafe class Nccl : INccl
{
    private readonly nint _library = Load();

    public int CommInitAll(nint[] comms, int[] devices)
    {
        fixed (nint* handles = comms)
        fixed (int* numbers = devices)
            return ((delegate* unmanaged<nint*, int, int*, int>)Find("ncclCommInitAll"))(handles, devices.Length, numbers);
    }

    public int GroupStart() => ((delegate* unmanaged<int>)Find("ncclGroupStart"))();

    public int GroupEnd() => ((delegate* unmanaged<int>)Find("ncclGroupEnd"))();

    public int ReduceScatter(nint send, nint receive, long receiveCount, int type, int operation, nint comm) =>
        ((delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Find("ncclReduceScatter"))(send, receive, (nuint)receiveCount,
            type, operation, comm, 0);

    public int AllGather(nint send, nint receive, long sendCount, int type, nint comm) =>
        ((delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)Find("ncclAllGather"))(send, receive,
            (nuint)sendCount, type, comm, 0);

    public int CommDestroy(nint comm) => ((delegate* unmanaged<nint, int>)Find("ncclCommDestroy"))(comm);

    public string ErrorText(int result) => Marshal.PtrToStringUTF8(((delegate* unmanaged<int, nint>)Find("ncclGetErrorString"))(result))
        ?? $"error {result}";

    private static nint Load()
    {
        foreach (var name in (string[])["libnccl.so.2", "libtorch_cuda.so"])
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "ncclCommInitAll", out _))
                return library;
        throw new DllNotFoundException("libnccl.so.2 is missing; more than one GPU needs NVIDIA's NCCL 2 (it is part of the CUDA image)");
    }

    private nint Find(string function) => NativeLibrary.GetExport(_library, function);
}
