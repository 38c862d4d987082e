using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using LightReasoner.Worker.Training;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>Trains a model to produce whole blocks of tokens per forward pass, by iterative refinement or by interleaved masks.</summary>
internal sealed class RefineTrainer : Trainer<RefineMetrics>
{
    private readonly RefineRunSpec _spec;
    private readonly RefineTraining _training;
    private readonly SpooledList<RefineSequence> _sequences = new();
    private readonly RefineLoss _loss;
    private readonly EpochOrder _order;
    private readonly long _microBatchesPerEpoch;

    /// <summary>Prepares training. The model remains the caller's; with method lora it gets an adapter.</summary>
    /// <param name="model">The model, on the first device.</param>
    /// <param name="devices">The devices to train on; the model's alone where left out.</param>
    /// <exception cref="InvalidDataException">A record cannot be used, or none is left to train on.</exception>
    public RefineTrainer(LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, RefineRunSpec spec,
        IReadOnlyList<Device>? devices = null)
        : this(model, EosOf(model, tokenizer), records.Select(record => Sequence(model, tokenizer, record, spec)), spec, devices)
    {
    }

    internal RefineTrainer(LoadedModel model, int eos, IEnumerable<RefineSequence> sequences, RefineRunSpec spec,
        IReadOnlyList<Device>? devices = null, Func<long, int, RefineSequence, (float T, float[] U)>? noise = null)
        : base(model, devices, spec.Training)
    {
        (_spec, _training) = (spec, spec.Training);
        _loss = spec.Objective is RefineObjective.Interleaved
            ? new InterleavedLoss(spec.Interleaved.BlockSize, eos)
            : new IterativeLoss(spec.Iterative, spec.Compatibility, eos, noise ?? DrawNoise);
        foreach (var sequence in sequences)
        {
            if (_loss.Targets(sequence) <= 0)
            {
                RecordsDropped++;
                continue;
            }
            if (sequence.Cut)
                RecordsCut++;
            _sequences.Add(sequence);
            LongestSequence = Math.Max(LongestSequence, _loss.Length(sequence));
            Tokens += _loss.Length(sequence);
        }
        if (_sequences.Count == 0)
            throw new InvalidDataException(RecordsDropped == 0 ? "there are no records to train on"
                : $"maxLength ({spec.Training.MaxLength}) leaves nothing of the response in any of the {RecordsDropped} records");
        _order = new EpochOrder(_sequences.Count, _training.Seed);
        _microBatchesPerEpoch = (_sequences.Count + _training.BatchSize - 1) / _training.BatchSize;
        TotalSteps = _training.MaxSteps ?? Math.Max(1, _microBatchesPerEpoch * _training.TotalEpochs / _training.GradientAccumulationSteps);
        WarmupSteps = (long)(TotalSteps * _training.WarmupRatio);
        Adapter = spec.Method is TrainingMethod.Lora ? model.Model.Lora?.Options ?? spec.Lora : null;
    }

    public override long Records => _sequences.Count;

    /// <summary>Records left out because maxLength leaves nothing of their response.</summary>
    public long RecordsDropped { get; }

    public long RecordsCut { get; }

    /// <summary>
    /// One optimizer step. Every response token of the step has the same share in it, in whatever micro batch it is (published: every
    /// micro batch has).
    /// </summary>
    public override RefineMetrics TrainStep(CancellationToken stop = default)
    {
        var first = Step * _training.GradientAccumulationSteps;
        RefineSequence[][] microBatches = [.. Enumerable.Range(0, _training.GradientAccumulationSteps).Select(i => Rows(first + i))];
        var targets = microBatches.Sum(Targets);

        var figures = Replicas.Accumulate(microBatches.Length, (replica, i) =>
        {
            replica.Model.SeedDropout(new RandomStream(_training.Seed, -2, first + i).NextInt(int.MaxValue));
            var share = 1 / (_spec.Compatibility is Compatibility.Published ? Targets(microBatches[i]) * microBatches.Length : targets);
            return _loss.Backward(replica, microBatches[i], first + i, share);
        }, stop);
        double[] losses = [.. _loss.Weights.Select((_, pass) => figures.Sum(of => of[pass]))];
        var total = losses.Zip(_loss.Weights, (loss, weight) => loss * weight).Sum();
        var (learningRate, norm) = Optimize(total, microBatches.Sum(rows => rows.Length),
            microBatches.Sum(rows => rows.Sum(_loss.Tokens)));
        return new RefineMetrics
        {
            Step = Step,
            RecordsCut = RecordsCut,
            RecordsDropped = RecordsDropped,
            Epoch = (double)(first + microBatches.Length) / _microBatchesPerEpoch,
            LossTotal = total,
            Losses = losses,
            NoiseMean = _spec.Objective is RefineObjective.Interleaved ? null : figures.Average(of => of[^1]),
            GradNorm = norm,
            LearningRate = learningRate,
        };
    }

    /// <summary>The loss on sequences that are not trained on, per response token, with noise that is always the same.</summary>
    internal double Loss(IReadOnlyList<RefineSequence> sequences)
    {
        const long Noise = 1L << 40; // numbers of micro batches that no training reaches
        using var _ = no_grad();
        double targets = Targets([.. sequences]), loss = 0;
        foreach (var (i, rows) in sequences.Chunk(_training.BatchSize).Index())
        {
            using var scope = NewDisposeScope();
            var figures = _loss.Backward(Replicas.First, rows, Noise + i, 1 / targets).cpu().data<double>().ToArray();
            loss += _loss.Weights.Select((weight, pass) => weight * figures[pass]).Sum();
        }
        return loss;
    }

    internal override RefineMetrics With(RefineMetrics step, double tokensPerSecond, double? validationLoss) =>
        step with { TokensPerSecond = tokensPerSecond, ValidationLoss = validationLoss };

    /// <summary>Writes the model as a complete Hugging Face folder; only with method full.</summary>
    public void SaveModel(string folder, string sourceFolder) =>
        HuggingFaceFolder.Save(Model.Model, sourceFolder, folder, Model.Model.DType);

    public override void Dispose()
    {
        base.Dispose();
        _sequences.Dispose();
    }

    /// <summary>The token that noise, tail and end of generation are made of.</summary>
    internal static int EosOf(LoadedModel model, Tokenizer? tokenizer) => tokenizer?.EosId
        ?? (model.EosIds is [var first, ..] ? first : throw new InvalidDataException(
            $"{model.Dir}: neither tokenizer_config.json nor generation_config.json names an EOS token"));

    private static RefineSequence Sequence(LoadedModel model, Tokenizer tokenizer, PromptResponse record, RefineRunSpec spec)
    {
        var (prompt, response) = ResponseEncoder.Encode(tokenizer, spec.Prompt, record, model.Model.Config.VocabSize);
        var tail = spec.Objective is RefineObjective.Interleaved ? EosTail.OfLength(1) : spec.EosTail;
        return RefineSequence.Build(prompt, response, EosOf(model, tokenizer), tail, spec.Training.MaxLength, spec.Truncation,
            record.Place);
    }

    private double Targets(RefineSequence[] rows) => rows.Sum(row => (double)_loss.Targets(row));

    private (float T, float[] U) DrawNoise(long microBatch, int row, RefineSequence sequence) =>
        EosNoise.Draw(new RandomStream(_training.Seed, -1, microBatch, row), _spec.Iterative, sequence.Ids.Length);

    private protected override IReadOnlyList<NamedSlice> Trained(CausalLM model)
    {
        if (_spec.Method is TrainingMethod.Lora)
            return (model.Lora ?? model.AddLora(_spec.Lora, _training.Seed)).Slices;
        model.MergeLora();
        return model.Slices;
    }

    /// <summary>A micro batch, counted from the run's start: the next sequences of an epoch's order, fewer at its end.</summary>
    private RefineSequence[] Rows(long microBatch)
    {
        var (epoch, i) = Math.DivRem(microBatch, _microBatchesPerEpoch);
        return [.. _order.Take(epoch, i * _training.BatchSize, _training.BatchSize).Select(row => _sequences[row])];
    }
}
