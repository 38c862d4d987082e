using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Trains a LoRA adapter on contrastive soft labels. An optimizer step takes <c>batchSize · gradientAccumulationSteps</c> samples of the
/// epoch's random order (fewer at its end) and follows the mean of their losses. With packing, steps of one question stay together in the
/// order, up to <c>batchSize</c> of them. An unmerged adapter that the model comes with is trained on.
/// </summary>
internal sealed class LoraTrainer : Trainer<FineTuneMetrics>
{
    private readonly FineTuneRunSpec _spec;
    private readonly FineTuneTraining _training;
    private readonly SpooledList<TrainingSample> _samples = new();
    private readonly EpochOrder _order;
    private readonly long _samplesPerStep;
    private readonly int? _labelVocabulary; // tokens that labels and distributions are cut to; null: all

    /// <summary>Prepares training. The model remains the caller's; it gets an adapter.</summary>
    /// <param name="model">The model, on the first device.</param>
    /// <param name="tokenizer">The model's; may be absent where all samples have prefix_ids.</param>
    /// <param name="devices">The devices to train on; the model's alone where left out.</param>
    /// <exception cref="InvalidDataException">There are no samples to train on, or one does not fit the model.</exception>
    public LoraTrainer(LoadedModel model, Tokenizer? tokenizer, IReadOnlyList<ContrastiveSample> samples, FineTuneRunSpec spec,
        IReadOnlyList<Device>? devices = null)
        : base(model, devices, spec.Training)
    {
        (_spec, _training) = (spec, spec.Training);
        if (spec.Compatibility is Compatibility.Published && tokenizer is not null)
            _labelVocabulary = Math.Min(tokenizer.BaseVocabSize, model.Model.Config.VocabSize);
        foreach (var sample in TrainingSample.Prepare(samples, tokenizer, _training.MaxLength, model.Model.Config.VocabSize,
            _labelVocabulary))
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
        TotalSteps = _training.MaxSteps;
        _samplesPerStep = (long)_training.BatchSize * _training.GradientAccumulationSteps;
        WarmupSteps = (long)Math.Ceiling(TotalSteps * _training.WarmupRatio);
        _order = _training.Packing is SamplePacking.Prompt
            ? new EpochOrder(_samples.Count, _training.Seed, SampleFamilies.Of(_samples), _training.BatchSize)
            : new EpochOrder(_samples.Count, _training.Seed);
        Adapter = model.Model.Lora?.Options ?? spec.Lora;
    }

    public override long Records => _samples.Count;

    /// <summary>Samples left out because they are longer than maxLength.</summary>
    public long SamplesDropped { get; }

    public override FineTuneMetrics TrainStep(CancellationToken stop = default)
    {
        var samples = NextSamples();
        var batches = SoftLabelBatch.Of(samples, _training.Packing, _training.BatchSize, _training.GradientAccumulationSteps);
        var losses = Replicas.Accumulate(batches.Count, (replica, i) =>
        {
            replica.Model.SeedDropout(new RandomStream(_training.Seed, -1, Step, i).NextInt(int.MaxValue));
            var hidden = batches[i].LabelledHidden(replica.Model);
            return HeadLoss.Backward(replica, hidden, 1.0 / samples.Length, (logits, rows) =>
                batches[i].Loss(logits, rows, _labelVocabulary)).view(1);
        }, stop);
        var loss = losses.Sum(sum => sum[0]) / samples.Length;
        var (learningRate, norm) = Optimize(loss, samples.Length, batches.Sum(batch => batch.Tokens));
        return new FineTuneMetrics
        {
            Step = Step,
            Loss = loss,
            LearningRate = learningRate,
            GradNorm = norm,
            SamplesSeen = RecordsSeen,
            SamplesDropped = SamplesDropped,
        };
    }

    internal override FineTuneMetrics With(FineTuneMetrics step, double tokensPerSecond, double? validationLoss) =>
        step with { TokensPerSecond = tokensPerSecond, ValidationLoss = validationLoss };

    private protected override IReadOnlyList<NamedSlice> Trained(CausalLM model) =>
        (model.Lora ?? model.AddLora(_spec.Lora, _training.Seed)).Slices;

    public override void Dispose()
    {
        base.Dispose();
        _samples.Dispose();
    }

    /// <summary>The samples of this step: the next of the epoch's order. Every epoch begins a new step.</summary>
    private TrainingSample[] NextSamples()
    {
        var (epoch, step) = Math.DivRem(Step, (_samples.Count + _samplesPerStep - 1) / _samplesPerStep);
        return [.. _order.Take(epoch, step * _samplesPerStep, _samplesPerStep).Select(i => _samples[i])];
    }
}
