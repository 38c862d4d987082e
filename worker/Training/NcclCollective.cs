using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>The exchange between GPUs of this process by NCCL, in place.</summary>
internal sealed class NcclCollective : Collective
{
    private const int Sum = 0; // ncclRedOp_t

    private readonly Nccl _nccl;
    private readonly nint[] _comms;
    private readonly Func<Tensor, nint> _address;

    /// <param name="address">Where a tensor's data begin; libtorch's answer where left out.</param>
    public NcclCollective(IReadOnlyList<Device> devices, Nccl nccl, Func<Tensor, nint>? address = null)
    {
        (_nccl, _comms, _address) = (nccl, new nint[devices.Count], address ?? (tensor => THSTensor_data(tensor.Handle)));
        Check(nccl.CommInitAll(_comms, [.. devices.Select(device => device.index)]), "CommInitAll");
    }

    public override void ReduceScatter(IReadOnlyList<Tensor> buffers) => Group("ReduceScatter", buffers, (buffer, slice, count, comm) =>
        _nccl.ReduceScatter(buffer.Address, slice, count, buffer.Type, Sum, comm));

    public override void AllGather(IReadOnlyList<Tensor> buffers) => Group("AllGather", buffers, (buffer, slice, count, comm) =>
        _nccl.AllGather(slice, buffer.Address, count, buffer.Type, comm));

    public override void Dispose()
    {
        foreach (var comm in _comms)
            _nccl.CommDestroy(comm);
    }

    private void Group(string what, IReadOnlyList<Tensor> buffers, Func<(nint Address, int Type), nint, long, nint, int> call)
    {
        Check(_nccl.GroupStart(), "GroupStart");
        for (var rank = 0; rank < buffers.Count; rank++)
        {
            var (address, count) = (_address(buffers[rank]), buffers[rank].shape[0] / buffers.Count);
            var (type, size) = buffers[rank].dtype == ScalarType.Float32 ? (7, 4) : (9, 2); // ncclFloat32, ncclBfloat16
            Check(call((address, type), address + (nint)(rank * count * size), count, _comms[rank]), what);
        }
        Check(_nccl.GroupEnd(), "GroupEnd");
    }

    private void Check(int result, string function)
    {
        if (result != 0)
            throw new InvalidOperationException($"NCCL's {function} failed: {_nccl.ErrorText(result)}; NCCL_DEBUG=INFO in the worker's "
                + "environment says more");
    }

    [DllImport("LibTorchSharp")]
    private static extern nint THSTensor_data(nint handle);
}
