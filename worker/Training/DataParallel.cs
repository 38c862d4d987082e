using LightReasoner.Worker.Models;
using LightReasoner.Worker.Runs;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>The model on one device, and what of it is trained, with the gradients.</summary>
internal sealed record Replica(CausalLM Model, FlatParameters Parameters);

/// <summary>
/// A replica of the model on every device, each with its share of a step's micro batches and a thread of its own, and one optimizer step
/// along the sum of their gradients. The optimizer's state is divided among the devices (ZeRO stage 1, arXiv 1910.02054): each keeps master
/// weights and moments of one slice of the flat parameters, gets the summed gradient of that slice, updates it, and hands its weights to
/// the others. One device is the same without the exchange.
/// </summary>
internal sealed class DataParallel : IDisposable
{
    private readonly Replica[] _replicas;
    private readonly AdamW[] _optimizers; // by replica: its slice
    private readonly Collective? _collective;

    /// <summary>Copies the model to the other devices and prepares what is trained.</summary>
    /// <param name="model">The first replica; remains the caller's, and holds the trained weights.</param>
    /// <param name="devices">The model's device and the others.</param>
    /// <param name="trained">Names what of a replica is trained; may add an adapter.</param>
    public DataParallel(
        CausalLM model, IReadOnlyList<Device> devices, Func<CausalLM, IReadOnlyList<NamedSlice>> trained, ITrainingSpec training)
    {
        if (model.DType == ScalarType.Float16)
            throw new WorkerException(ExitCode.BadManifest,
                "spec.model.dtype float16 cannot be trained: small gradients become 0 in it; use bfloat16 or float32");
        trained(model);
        CausalLM[] models = [model, .. devices.Skip(1).Select(model.CopyTo)];
        foreach (var one in models)
            one.Checkpointing = training.GradientCheckpointing;
        _replicas = [.. models.Select(one => new Replica(one, new FlatParameters(trained(one), models.Length)))];
        _optimizers = [.. _replicas.Select((replica, part) => new AdamW(replica.Parameters, part, training))];
        _collective = models.Length > 1 ? Collective.For(devices) : null;
        HostMemory.ReturnFreedBlocks(model.Device);
    }

    public int Count => _replicas.Length;

    public IReadOnlyList<CausalLM> Models => [.. _replicas.Select(replica => replica.Model)];

    public Replica First => _replicas[0];

    public IReadOnlyList<FlatWeight> Weights => _replicas[0].Parameters.Named;

    /// <summary>
    /// Works on the micro batches of a step, micro batch i on replica i modulo their number, and leaves the gradients at the replicas.
    /// </summary>
    /// <param name="backward">Adds the gradient of a micro batch to the replica's and returns its figures: a float64 vector on the
    /// device.</param>
    /// <param name="stop">Ends the work between two micro batches. The weights are then still those before the step.</param>
    /// <returns>The figures by micro batch.</returns>
    public double[][] Accumulate(int microBatches, Func<Replica, int, Tensor> backward, CancellationToken stop)
    {
        var figures = new double[microBatches][];
        ModelReplicas.Each(Count, r =>
        {
            using var scope = NewDisposeScope();
            var replica = _replicas[r];
            replica.Parameters.ZeroGradients();
            replica.Model.train();
            var mine = new List<Tensor>();
            for (var i = r; i < microBatches; i += Count)
            {
                stop.ThrowIfCancellationRequested();
                using var inner = NewDisposeScope();
                mine.Add(backward(replica, i).MoveToOuterDisposeScope());
            }
            replica.Model.eval();
            // Read at the end only: until here the host runs ahead of a GPU.
            for (var i = 0; i < mine.Count; i++)
                figures[r + i * Count] = mine[i].cpu().data<double>().ToArray();
        });
        return figures;
    }

    /// <summary>One optimizer step along the gradients.</summary>
    /// <param name="maxNorm">What the gradient's 2-norm is clipped to.</param>
    /// <returns>The norm before clipping.</returns>
    public double Step(long step, double learningRate, double maxNorm)
    {
        _collective?.ReduceScatter([.. _replicas.Select(replica => replica.Parameters.Gradients)]);
        var squares = new double[Count];
        ModelReplicas.Each(Count, r => squares[r] = _optimizers[r].GradientSquares());
        var norm = Math.Sqrt(squares.Sum());
        if (!double.IsFinite(norm))
            throw new InvalidDataException($"step {step}: the gradient's norm is {norm}; a lower spec.training.learningRate may help");
        ModelReplicas.Each(Count, r => _optimizers[r].Step(step, learningRate, Math.Min(1, maxNorm / (norm + 1e-6))));
        _collective?.AllGather([.. _replicas.Select(replica => replica.Parameters.Weights)]);
        return norm;
    }

    /// <summary>A weight's part of one of the optimizer's buffers, whichever devices hold it.</summary>
    public Tensor Read(FlatWeight weight, Func<AdamW, Tensor> buffer)
    {
        var parts = Parts(weight, buffer).ToArray();
        return (parts.Length == 1 ? parts[0] : cat([.. parts.Select(part => part.cpu())])).view(weight.Shape);
    }

    public void Write(FlatWeight weight, Func<AdamW, Tensor> buffer, Tensor value)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        long done = 0;
        foreach (var part in Parts(weight, buffer))
        {
            part.copy_(value.view(-1).narrow(0, done, part.shape[0]));
            done += part.shape[0];
        }
    }

    /// <summary>Brings all replicas to the master weights.</summary>
    public void Publish()
    {
        ModelReplicas.Each(Count, r => _optimizers[r].Publish());
        _collective?.AllGather([.. _replicas.Select(replica => replica.Parameters.Weights)]);
    }

    public void Dispose()
    {
        _collective?.Dispose();
        foreach (var optimizer in _optimizers)
            optimizer.Dispose();
        foreach (var replica in _replicas)
            replica.Parameters.Dispose();
        foreach (var replica in _replicas.Skip(1))
            replica.Model.Dispose();
    }

    private IEnumerable<Tensor> Parts(FlatWeight weight, Func<AdamW, Tensor> buffer)
    {
        foreach (var optimizer in _optimizers)
        {
            var (from, to) = (Math.Max(weight.Start, optimizer.Start),
                Math.Min(weight.Start + weight.Count, optimizer.Start + optimizer.Length));
            if (from < to)
                yield return buffer(optimizer).narrow(0, from - optimizer.Start, to - from);
        }
    }
}
