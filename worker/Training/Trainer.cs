using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Training;

/// <summary>What every kind of training has around its step: the replicas, how far it is, checkpoints, the adapter.</summary>
internal abstract class Trainer<TMetrics> : IDisposable
    where TMetrics : class
{
    private readonly ITrainingSpec _training;
    private readonly Lazy<DataParallel> _replicas; // made for the first step, when memory has been looked at

    private protected Trainer(LoadedModel model, IReadOnlyList<Device>? devices, ITrainingSpec training)
    {
        (Model, _training) = (model, training);
        _replicas = new(() => new DataParallel(model.Model, devices ?? [model.Model.Device], Trained, training));
    }

    public long Step { get; private set; }

    public long TotalSteps { get; private protected init; }

    private protected long WarmupSteps { get; init; }

    /// <summary>Samples, or records, that are trained on.</summary>
    public abstract long Records { get; }

    /// <summary>Those trained on so far, repetitions included.</summary>
    public long RecordsSeen { get; private set; }

    /// <summary>Tokens of all records; prefixes that samples share are counted once for each.</summary>
    public long Tokens { get; private protected init; }

    public int LongestSequence { get; private protected init; }

    /// <summary>Tokens that went through the model so far, padding not counted.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>The adapter that is trained; null where all weights are.</summary>
    internal LoraSpec? Adapter { get; private protected init; }

    /// <summary>The model as it is trained now, on every device.</summary>
    internal IReadOnlyList<CausalLM> Models => Replicas.Models;

    private protected LoadedModel Model { get; }

    private protected DataParallel Replicas => _replicas.Value;

    /// <summary>One optimizer step.</summary>
    /// <param name="stop">Ends it between two micro batches; nothing has changed then.</param>
    public abstract TMetrics TrainStep(CancellationToken stop = default);

    /// <summary>The figures of a step with the speed so far, and perhaps the loss on validation data.</summary>
    internal abstract TMetrics With(TMetrics step, double tokensPerSecond, double? validationLoss);

    /// <summary>Names what of a replica is trained; may add an adapter.</summary>
    private protected abstract IReadOnlyList<NamedSlice> Trained(CausalLM model);

    /// <summary>Takes the optimizer's step along the accumulated gradients.</summary>
    /// <returns>The learning rate, and the gradient's norm before clipping.</returns>
    private protected (double LearningRate, double Norm) Optimize(double loss, long records, long tokens)
    {
        if (!double.IsFinite(loss))
            throw new InvalidDataException($"step {Step + 1}: the loss is {loss}; a lower spec.training.learningRate may help");
        var learningRate = _training.LearningRate * LearningRate.Factor(_training.Scheduler, Step, WarmupSteps, TotalSteps);
        var norm = Replicas.Step(Step + 1, learningRate, _training.MaxGradNorm);
        (Step, RecordsSeen, TokensSeen) = (Step + 1, RecordsSeen + records, TokensSeen + tokens);
        return (learningRate, norm);
    }

    /// <summary>Writes a checkpoint that <see cref="LoadState"/> continues from, to the same bytes.</summary>
    public void SaveState(string folder) => TrainingCheckpoint.Save(folder, Replicas, new()
    {
        ["step"] = Step,
        ["recordsSeen"] = RecordsSeen,
        ["tokensSeen"] = TokensSeen,
        ["records"] = Records,
    });

    /// <summary>Continues from a checkpoint of the same document and data.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or of another run.</exception>
    public void LoadState(string folder)
    {
        var state = TrainingCheckpoint.Load(folder, Replicas);
        if ((long?)state["records"] != Records)
            throw new InvalidDataException($"{folder}: was written with {state["records"]} records, there are {Records} now");
        (Step, RecordsSeen, TokensSeen) = ((long)state["step"]!, (long)state["recordsSeen"]!, (long)state["tokensSeen"]!);
    }

    /// <summary>Writes the adapter as PEFT does.</summary>
    /// <param name="baseModel">What the model was loaded from.</param>
    /// <param name="below">Adapters that lie between that and this one, merged; they become part of what is written.</param>
    public void SaveAdapter(string folder, string baseModel, IReadOnlyList<string>? below = null) =>
        PeftAdapter.Save(Model.Model.Lora ?? throw new InvalidOperationException("no adapter is trained"), folder, baseModel, below);

    public virtual void Dispose()
    {
        if (_replicas.IsValueCreated)
            _replicas.Value.Dispose();
        GC.SuppressFinalize(this);
    }
}
