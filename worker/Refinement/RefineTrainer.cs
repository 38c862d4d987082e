using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using LightReasoner.Worker.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// Iterative refinement SFT: the model reads a response whose tokens were partly replaced by EOS, and predicts the clean one; what it predicts is the
/// input of the next pass. All passes are trained against the clean response. The prompt, which no pass changes, is read once for all of them.
/// </summary>
public sealed class RefineTrainer : IDisposable
{
    private readonly LoadedModel _model;
    private readonly RefineRunSpec _spec;
    private readonly RefineTraining _training;
    private readonly SpooledList<RefineSequence> _sequences = RefineSequence.Spool();
    private readonly int _eos;
    private readonly EpochOrder _order;
    private readonly MasterWeights _weights;
    private readonly AdamW _optimizer;
    private readonly long _microBatchesPerEpoch, _warmupSteps;

    /// <summary>Prepares training. The model remains the caller's; with method lora it gets an adapter.</summary>
    /// <exception cref="InvalidDataException">A record cannot be used, or none is left to train on.</exception>
    public RefineTrainer(LoadedModel model, Tokenizer tokenizer, IReadOnlyList<PromptResponse> records, RefineRunSpec spec)
        : this(model, EosOf(model, tokenizer), records.Select(record => Sequence(model, tokenizer, record, spec)), spec)
    {
    }

    internal RefineTrainer(LoadedModel model, int eos, IEnumerable<RefineSequence> sequences, RefineRunSpec spec)
    {
        (_model, _eos, _spec, _training) = (model, eos, spec, spec.Training);
        foreach (var sequence in sequences)
        {
            if (sequence.Targets <= 0)
            {
                RecordsDropped++;
                continue;
            }
            _sequences.Add(sequence);
            LongestSequence = Math.Max(LongestSequence, sequence.Ids.Length);
        }
        if (_sequences.Count == 0)
            throw new InvalidDataException(RecordsDropped == 0 ? "there are no records to train on" : $"maxLength ({spec.Training.MaxLength}) leaves nothing of the response in any of the {RecordsDropped} records");
        _order = new EpochOrder(_sequences.Count, _training.Seed);
        _weights = new MasterWeights(Trained(model.Model, spec));
        _optimizer = optim.AdamW(_weights.Parameters.Select(p => p.Value), _training.LearningRate, _training.Betas[0], _training.Betas[1], weight_decay: _training.WeightDecay);
        _microBatchesPerEpoch = (_sequences.Count + _training.BatchSize - 1) / _training.BatchSize;
        TotalSteps = _training.MaxSteps ?? Math.Max(1, _microBatchesPerEpoch * _training.TotalEpochs / _training.GradientAccumulationSteps);
        _warmupSteps = (long)(TotalSteps * _training.WarmupRatio);
    }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; private set; }

    /// <summary>Optimizer steps of the whole run.</summary>
    public long TotalSteps { get; }

    /// <summary>Records left out because maxLength leaves nothing of their response.</summary>
    public long RecordsDropped { get; }

    /// <summary>Tokens of the longest record.</summary>
    public int LongestSequence { get; }

    /// <summary>Tokens that went through the model so far: a prompt once, a response in every pass; padding not counted.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>One optimizer step. Every response token of the step has the same share in it, in whatever micro batch it is (published: every micro batch has).</summary>
    public RefineMetrics TrainStep()
    {
        var model = _model.Model;
        model.train();
        var learningRate = _training.LearningRate * LearningRate.Factor(_training.Scheduler, Step, _warmupSteps, TotalSteps);
        var microBatches = Enumerable.Range(0, _training.GradientAccumulationSteps).Select(i => Step * _training.GradientAccumulationSteps + i).ToArray();
        var targets = microBatches.Sum(i => Rows(i).Sum(row => (double)row.Targets));
        var losses = new double[_spec.Iterative.NumIterations];
        double noise = 0;
        using var embedding = model.GatherEmbeddingGradient();

        foreach (var index in microBatches)
        {
            var rows = Rows(index);
            var random = new RandomStream(_training.Seed, -1, index);
            manual_seed(random.NextInt(int.MaxValue)); // dropout
            var share = _spec.Compatibility is Compatibility.Published
                ? 1 / (rows.Sum(row => (double)row.Targets) * microBatches.Length)
                : 1 / targets;
            foreach (var group in LengthGroups.Of(rows, row => row.Ids.Length))
            {
                using var scope = NewDisposeScope();
                using var batch = new RefineBatch(group, model.Device);
                var (ids, replaced) = batch.Noise(ref random, _spec.Iterative, _eos, _spec.Compatibility);
                noise += replaced * group.Length / rows.Length / microBatches.Length;
                using var checkpoints = _training.GradientCheckpointing ? new ActivationCheckpoints(model) : null;
                using var first = losses.Length > 1 && checkpoints is null && batch.CanShare ? batch.ReadShared(model, ids) : null;
                (Tensor Output, Tensor Gradient)? held = null; // the first pass goes back last, with what the others left at the prompt
                for (var pass = 0; pass < losses.Length; pass++)
                {
                    var hidden = first is not null && pass > 0
                        ? batch.Predictors(first, ids)
                        : batch.Predictors(first?.Hidden ?? checkpoints?.Hidden(ids) ?? model.Hidden(ids));
                    var head = HeadLoss.CrossEntropy(model, hidden.detach(), batch.Targets, share * _spec.Iterative.WeightOf(pass));
                    if (first is not null && pass == 0)
                        held = (hidden, head.Gradient);
                    else
                        hidden.backward([head.Gradient]);
                    checkpoints?.Backward();
                    losses[pass] += head.Loss * share;
                    ids = batch.WithResponses(head.Predicted); // no gradient through the decoding
                }
                if (held is { } own)
                    first!.Backward(own.Output, own.Gradient);
                TokensSeen += losses.Length * batch.Tokens - (first is null ? 0 : (losses.Length - 1) * batch.PromptTokens);
            }
        }
        var total = losses.Select((loss, pass) => loss * _spec.Iterative.WeightOf(pass)).Sum();
        if (!double.IsFinite(total))
            throw new InvalidOperationException($"step {Step + 1}: the loss is {total}; a lower training.learningRate may help");

        embedding?.Flush();
        _weights.TakeGradients();
        var norm = nn.utils.clip_grad_norm_(_weights.Parameters.Select(p => p.Value), _training.MaxGradNorm);
        foreach (var group in _optimizer.ParamGroups)
            group.LearningRate = learningRate;
        _optimizer.step();
        _weights.Publish();
        _optimizer.zero_grad();
        model.eval();

        Step++;
        return new RefineMetrics
        {
            Step = Step,
            Epoch = (double)(microBatches[^1] + 1) / _microBatchesPerEpoch,
            LossTotal = total,
            Losses = losses,
            NoiseMean = noise,
            GradNorm = norm,
            LearningRate = learningRate,
        };
    }

    /// <summary>Writes a checkpoint that <see cref="LoadState"/> continues from, to the same bytes.</summary>
    public void SaveState(string folder) => TrainingCheckpoint.Save(folder, _weights.Parameters, _optimizer, new JsonObject
    {
        ["step"] = Step,
        ["tokensSeen"] = TokensSeen,
        ["records"] = _sequences.Count,
    });

    /// <summary>Continues from a checkpoint of the same document and data.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged or of another run.</exception>
    public void LoadState(string folder)
    {
        _model.Model.WeightsWillChange();
        var state = TrainingCheckpoint.Restore(folder, _weights.Parameters, _optimizer);
        if ((int)state["records"]! != _sequences.Count)
            throw new InvalidDataException($"{folder}: was written with {state["records"]} records, there are {_sequences.Count} now");
        _weights.Publish();
        (Step, TokensSeen) = ((long)state["step"]!, (long)state["tokensSeen"]!);
    }

    /// <summary>Writes the model as a complete Hugging Face folder; an adapter is merged into it.</summary>
    public void SaveModel(string folder, string sourceFolder)
    {
        var merge = _model.Model.Lora is { Merged: false };
        if (merge)
            _model.Model.MergeLora();
        HuggingFaceFolder.Save(_model.Model, sourceFolder, folder, _model.Model.DType);
        if (merge)
            _model.Model.UnmergeLora();
    }

    /// <summary>Writes the adapter as PEFT does; only with method lora.</summary>
    public void SaveAdapter(string folder, string baseModelUri) =>
        PeftAdapter.Save(_model.Model.Lora ?? throw new InvalidOperationException("method full trains no adapter"), folder, baseModelUri);

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _weights.Dispose();
        _sequences.Dispose();
    }

    /// <summary>The token that noise, tail and end of generation are made of.</summary>
    internal static int EosOf(LoadedModel model, Tokenizer? tokenizer) => tokenizer?.EosId
        ?? (model.Generation.EosIds is [var first, ..] ? first : throw new InvalidDataException($"{model.Dir}: neither tokenizer_config.json nor generation_config.json names an EOS token"));

    private static RefineSequence Sequence(LoadedModel model, Tokenizer tokenizer, PromptResponse record, RefineRunSpec spec)
    {
        var (prompt, response) = ResponseEncoder.Encode(tokenizer, spec.Prompt, record, model.Model.Config.VocabSize);
        return RefineSequence.Build(prompt, response, EosOf(model, tokenizer), spec.EosTail, spec.Training.MaxLength, spec.Truncation, record.Index);
    }

    private static IReadOnlyList<(string Name, Parameter Value)> Trained(CausalLM model, RefineRunSpec spec)
    {
        if (spec.Method is TrainingMethod.Lora)
            return TrainedAdapter.Of(model, spec.Lora, spec.Training.Seed).NamedParameters();
        if (model.Lora is { } adapter)
        {
            if (!adapter.Merged)
                model.MergeLora();
            model.UnloadLora();
        }
        foreach (var (_, parameter) in model.NamedParameters())
            parameter.requires_grad = true;
        return model.NamedParameters();
    }

    /// <summary>A micro batch, counted from the run's start: the next sequences of an epoch's order, fewer at its end.</summary>
    private RefineSequence[] Rows(long microBatch)
    {
        var (epoch, i) = Math.DivRem(microBatch, _microBatchesPerEpoch);
        return [.. _order.Take(epoch, i * _training.BatchSize, _training.BatchSize).Select(row => _sequences[row])];
    }
}
