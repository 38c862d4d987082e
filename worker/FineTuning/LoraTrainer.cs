using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Trains a LoRA adapter on contrastive soft labels. An optimizer step takes <c>batchSize · gradientAccumulationSteps</c> samples of the epoch's random order (fewer at its end)
/// and follows the mean of their losses. With packing, steps of one question stay together in the order, up to <c>batchSize</c> of them. An unmerged adapter that the model comes with is trained on.
/// </summary>
public sealed class LoraTrainer : IDisposable
{
    private readonly LoadedModel _model;
    private readonly FineTuneTraining _training;
    private readonly SpooledList<TrainingSample> _samples = TrainingSample.Spool();
    private readonly EpochOrder _order;
    private readonly Lazy<DataParallel> _replicas; // made for the first step, when memory has been looked at
    private readonly long _samplesPerStep, _warmupSteps;
    private readonly int? _labelVocabulary; // tokens that labels and distributions are cut to; null: all

    /// <summary>Prepares training. The model remains the caller's; it gets an adapter.</summary>
    /// <param name="model">The model, on the first device.</param>
    /// <param name="tokenizer">The model's; may be absent where all samples have prefix_ids.</param>
    /// <param name="samples">What is learned.</param>
    /// <param name="spec">How.</param>
    /// <param name="devices">The devices to train on; the model's alone where left out.</param>
    /// <exception cref="InvalidDataException">There are no samples to train on, or one does not fit the model.</exception>
    public LoraTrainer(LoadedModel model, Tokenizer? tokenizer, IReadOnlyList<ContrastiveSample> samples, FineTuneRunSpec spec, IReadOnlyList<Device>? devices = null)
    {
        (_model, _training) = (model, spec.Training);
        if (spec.Compatibility is Compatibility.Published && tokenizer is not null)
            _labelVocabulary = Math.Min(tokenizer.BaseVocabSize, model.Model.Config.VocabSize);
        foreach (var sample in TrainingSample.Prepare(samples, tokenizer, _training.MaxLength, model.Model.Config.VocabSize, _labelVocabulary))
        {
            _samples.Add(sample);
            LongestSequence = Math.Max(LongestSequence, sample.Prefix.Length);
            Tokens += sample.Prefix.Length;
        }
        SamplesDropped = samples.Count - _samples.Count;
        if (_samples.Count == 0)
            throw new InvalidDataException(samples.Count == 0
                ? "there are no samples to train on; was selection.beta of the SamplingRun too high?"
                : $"all {samples.Count} samples are longer than training.maxLength ({_training.MaxLength} tokens)");
        _samplesPerStep = (long)_training.BatchSize * _training.GradientAccumulationSteps;
        _warmupSteps = (long)Math.Ceiling(_training.MaxSteps * _training.WarmupRatio);
        _order = _training.Packing is SamplePacking.Prompt
            ? new EpochOrder(_samples.Count, _training.Seed, SampleFamilies.Of(_samples), _training.BatchSize)
            : new EpochOrder(_samples.Count, _training.Seed);
        Adapter = model.Model.Lora?.Options ?? spec.Lora;
        _replicas = new Lazy<DataParallel>(() => new DataParallel(model.Model, devices ?? [model.Model.Device], replica => (replica.Lora ?? replica.AddLora(spec.Lora, _training.Seed)).Slices,
            _training.GradientCheckpointing, new AdamWOptions(_training.Betas[0], _training.Betas[1], _training.WeightDecay)));
    }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; private set; }

    /// <summary>Optimizer steps of the whole run.</summary>
    public long TotalSteps => _training.MaxSteps;

    /// <summary>Samples left out because they are longer than maxLength.</summary>
    public long SamplesDropped { get; }

    /// <summary>Samples that are trained on.</summary>
    public long Samples => _samples.Count;

    /// <summary>Tokens of all of them, prefixes that samples share counted once for each.</summary>
    public long Tokens { get; }

    /// <summary>Tokens of the longest sample.</summary>
    public int LongestSequence { get; }

    /// <summary>The adapter that is trained.</summary>
    internal LoraSpec Adapter { get; }

    /// <summary>Samples trained on so far, repetitions included.</summary>
    public long SamplesSeen { get; private set; }

    /// <summary>Tokens that went through the model so far, padding not counted.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>The model as it is trained now, on every device.</summary>
    internal IReadOnlyList<CausalLM> Replicas => _replicas.Value.Models;

    /// <summary>One optimizer step.</summary>
    /// <param name="stop">Ends it between two micro batches; nothing has changed then.</param>
    public FineTuneMetrics TrainStep(CancellationToken stop = default)
    {
        var samples = NextSamples();
        var batches = SoftLabelBatch.Of(samples, _training.Packing, _training.BatchSize, _training.GradientAccumulationSteps);
        var losses = _replicas.Value.Accumulate(batches.Count, (replica, i) =>
        {
            replica.Model.SeedDropout(new RandomStream(_training.Seed, -1, Step, i).NextInt(int.MaxValue));
            var hidden = batches[i].LabelledHidden(replica.Model);
            return HeadLoss.Backward(replica, hidden, 1.0 / samples.Length, (logits, rows) => batches[i].Loss(logits, rows, _labelVocabulary)).view(1);
        }, stop);
        var loss = losses.Sum(sum => sum[0]) / samples.Length;
        if (!double.IsFinite(loss))
            throw new InvalidDataException($"step {Step + 1}: the loss is {loss}; a lower spec.training.learningRate may help");

        var learningRate = _training.LearningRate * LearningRate.Factor(_training.Scheduler, Step, _warmupSteps, TotalSteps);
        var norm = _replicas.Value.Step(Step + 1, learningRate, _training.MaxGradNorm);

        Step++;
        SamplesSeen += samples.Length;
        TokensSeen += batches.Sum(batch => batch.Tokens);
        return new FineTuneMetrics { Step = Step, Loss = loss, LearningRate = learningRate, GradNorm = norm, SamplesSeen = SamplesSeen, SamplesDropped = SamplesDropped };
    }

    /// <summary>Writes a checkpoint that <see cref="LoadState"/> continues from, to the same bytes.</summary>
    public void SaveState(string folder) => TrainingCheckpoint.Save(folder, _replicas.Value, new()
    {
        ["step"] = Step,
        ["samplesSeen"] = SamplesSeen,
        ["tokensSeen"] = TokensSeen,
        ["samples"] = _samples.Count,
    });

    /// <summary>Continues from a checkpoint of the same document and data.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or of another run.</exception>
    public void LoadState(string folder)
    {
        var state = TrainingCheckpoint.Load(folder, _replicas.Value);
        if ((int)state["samples"]! != _samples.Count)
            throw new InvalidDataException($"{folder}: was written with {state["samples"]} samples, there are {_samples.Count} now");
        (Step, SamplesSeen, TokensSeen) = ((long)state["step"]!, (long)state["samplesSeen"]!, (long)state["tokensSeen"]!);
    }

    /// <summary>Writes the adapter as PEFT does.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="baseModel">What the model was loaded from.</param>
    /// <param name="below">Adapters that lie between that and this one, merged; they become part of what is written.</param>
    public void SaveAdapter(string folder, string baseModel, IReadOnlyList<string>? below = null) => PeftAdapter.Save(_model.Model.Lora!, folder, baseModel, below);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_replicas.IsValueCreated)
            _replicas.Value.Dispose();
        _samples.Dispose();
    }

    /// <summary>The samples of this step: the next of the epoch's order. Every epoch begins a new step.</summary>
    private TrainingSample[] NextSamples()
    {
        var (epoch, step) = Math.DivRem(Step, (_samples.Count + _samplesPerStep - 1) / _samplesPerStep);
        return [.. _order.Take(epoch, step * _samplesPerStep, _samplesPerStep).Select(i => _samples[i])];
    }
}
