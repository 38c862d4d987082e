using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Training;

/// <summary>
/// The functions of NCCL that are used, as nccl.h declares them (2.10 or newer), each of which returns 0 for success: of libnccl.so.2,
/// or of libtorch's own copy. Work is queued on the devices' default streams, where libtorch's is.
/// </summary>
internal unsafe class Nccl
{
    private readonly Lazy<nint> _library = new(Load);

    public virtual int CommInitAll(nint[] comms, int[] devices)
    {
        fixed (nint* handles = comms)
        fixed (int* numbers = devices)
            return ((delegate* unmanaged<nint*, int, int*, int>)Find("ncclCommInitAll"))(handles, devices.Length, numbers);
    }

    public virtual int GroupStart() => ((delegate* unmanaged<int>)Find("ncclGroupStart"))();

    public virtual int GroupEnd() => ((delegate* unmanaged<int>)Find("ncclGroupEnd"))();

    public virtual int ReduceScatter(nint send, nint receive, long receiveCount, int type, int operation, nint comm) =>
        ((delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Find("ncclReduceScatter"))(send, receive, (nuint)receiveCount,
            type, operation, comm, 0);

    public virtual int AllGather(nint send, nint receive, long sendCount, int type, nint comm) =>
        ((delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)Find("ncclAllGather"))(send, receive,
            (nuint)sendCount, type, comm, 0);

    public virtual int CommDestroy(nint comm) => ((delegate* unmanaged<nint, int>)Find("ncclCommDestroy"))(comm);

    public virtual string ErrorText(int result) =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<int, nint>)Find("ncclGetErrorString"))(result))
        ?? $"error {result}";

    private static nint Load()
    {
        foreach (var name in (string[])["libnccl.so.2", "libtorch_cuda.so"])
            if (NativeLibrary.TryLoad(name, out var library) && NativeLibrary.TryGetExport(library, "ncclCommInitAll", out _))
                return library;
        throw new DllNotFoundException("libnccl.so.2 is missing; more than one GPU needs NVIDIA's NCCL 2 (it is part of the CUDA image)");
    }

    private nint Find(string function) => NativeLibrary.GetExport(_library.Value, function);
}
