using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>
/// What the replicas exchange once a step. Buffer r lies on device r, and its slice r is that device's own; all buffers have the same
/// length, a multiple of their number.
/// </summary>
internal abstract class Collective : IDisposable
{
    /// <summary>NCCL on GPUs, plain sums on CPUs.</summary>
    public static Collective For(IReadOnlyList<Device> devices) => devices[0].type == DeviceType.CUDA
        ? new NcclCollective(devices, new Nccl()) : new HostCollective();

    /// <summary>Sums the buffers into their owners' slices; what the other slices hold afterwards is undefined.</summary>
    public abstract void ReduceScatter(IReadOnlyList<Tensor> buffers);

    /// <summary>Copies every slice from its owner's buffer into all others.</summary>
    public abstract void AllGather(IReadOnlyList<Tensor> buffers);

    public virtual void Dispose()
    {
    }
}

/// <summary>The exchange between replicas in host memory: sums in the replicas' order, so that they come out the same every time.</summary>
internal sealed class HostCollective : Collective
{
    public override void ReduceScatter(IReadOnlyList<Tensor> buffers)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        for (var owner = 0; owner < buffers.Count; owner++)
        {
            // In the order of the replicas, whoever owns the slice.
            var sum = Slice(buffers[0], owner, buffers.Count).clone();
            for (var other = 1; other < buffers.Count; other++)
                sum.add_(Slice(buffers[other], owner, buffers.Count), Scalars.One);
            Slice(buffers[owner], owner, buffers.Count).copy_(sum);
        }
    }

    public override void AllGather(IReadOnlyList<Tensor> buffers)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        for (var owner = 0; owner < buffers.Count; owner++)
            for (var other = 0; other < buffers.Count; other++)
                if (other != owner)
                    Slice(buffers[other], owner, buffers.Count).copy_(Slice(buffers[owner], owner, buffers.Count));
    }

    private static Tensor Slice(Tensor buffer, int slice, int slices) =>
        buffer.narrow(0, slice * (buffer.shape[0] / slices), buffer.shape[0] / slices);
}
