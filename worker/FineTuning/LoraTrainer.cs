using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Tokenization;
using LightReasoner.Worker.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Worker.FineTuning;

/// <summary>
/// Trains a LoRA adapter on contrastive soft labels. An optimizer step takes <c>batchSize · gradientAccumulationSteps</c> samples of the epoch's random
/// order (fewer at its end) and follows the mean of their losses. With packing, steps of one question stay together in the order, up to <c>batchSize</c> of them. An unmerged adapter that the model comes with is trained on.
/// </summary>
public sealed class LoraTrainer : IDisposable
{
    private readonly LoadedModel _model;
    private readonly FineTuneTraining _training;
    private readonly SpooledList<TrainingSample> _samples = TrainingSample.Spool();
    private readonly EpochOrder _order;
    private readonly LoraAdapter _adapter;
    private readonly IReadOnlyList<(string Name, Parameter Value)> _parameters;
    private readonly AdamW _optimizer;
    private readonly long _warmupSteps;
    private readonly int? _labelVocabulary; // tokens that labels and distributions are cut to; null: all

    /// <summary>Prepares training. The model remains the caller's; it gets an adapter.</summary>
    /// <exception cref="InvalidDataException">There are no samples to train on, or one does not fit the model.</exception>
    public LoraTrainer(LoadedModel model, Tokenizer? tokenizer, IReadOnlyList<ContrastiveSample> samples, FineTuneRunSpec spec)
    {
        (_model, _training) = (model, spec.Training);
        if (spec.Compatibility is Compatibility.Published && tokenizer is not null)
            _labelVocabulary = Math.Min(tokenizer.BaseVocabSize, model.Model.Config.VocabSize);
        foreach (var sample in TrainingSample.Prepare(samples, tokenizer, spec.Training.MaxLength, model.Model.Config.VocabSize, _labelVocabulary))
        {
            _samples.Add(sample);
            LongestSequence = Math.Max(LongestSequence, sample.Prefix.Length);
        }
        SamplesDropped = samples.Count - _samples.Count;
        if (_samples.Count == 0)
            throw new InvalidDataException(samples.Count == 0
                ? "there are no samples to train on; was selection.beta of the SamplingRun too high?"
                : $"all {samples.Count} samples are longer than training.maxLength ({spec.Training.MaxLength} tokens)");
        _order = spec.Training.Packing is SamplePacking.Prompt
            ? new EpochOrder(_samples.Count, spec.Training.Seed, SampleFamilies.Of(_samples), spec.Training.BatchSize)
            : new EpochOrder(_samples.Count, spec.Training.Seed);
        _adapter = TrainedAdapter.Of(model.Model, spec.Lora, spec.Training.Seed);
        _parameters = _adapter.NamedParameters();
        _optimizer = optim.AdamW(_parameters.Select(p => p.Value), _training.LearningRate, _training.Betas[0], _training.Betas[1], weight_decay: _training.WeightDecay);
        _warmupSteps = (long)Math.Ceiling(_training.MaxSteps * _training.WarmupRatio);
    }

    /// <summary>Optimizer steps done.</summary>
    public long Step { get; private set; }

    /// <summary>Optimizer steps of the whole run.</summary>
    public long TotalSteps => _training.MaxSteps;

    /// <summary>Samples left out because they are longer than maxLength.</summary>
    public long SamplesDropped { get; }

    /// <summary>Tokens of the longest sample.</summary>
    public int LongestSequence { get; }

    /// <summary>Samples trained on so far, repetitions included.</summary>
    public long SamplesSeen { get; private set; }

    /// <summary>Tokens that went through the model so far, padding not counted.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>One optimizer step.</summary>
    public FineTuneMetrics TrainStep()
    {
        var model = _model.Model;
        model.train();
        model.Checkpointing = _training.GradientCheckpointing;
        manual_seed(new RandomStream(_training.Seed, -1, Step).NextInt(int.MaxValue)); // dropout follows from seed and step
        var learningRate = _training.LearningRate * LearningRate.Factor(_training.Scheduler, Step, _warmupSteps, TotalSteps);
        var samples = Next();
        _optimizer.zero_grad();

        double loss = 0;
        foreach (var batch in SoftLabelBatch.Of(samples, _training.Packing, _training.BatchSize))
        {
            using var scope = NewDisposeScope();
            var logits = batch.Logits(model);
            var sum = batch.Loss(_labelVocabulary is { } size ? logits.narrow(-1, 0, size) : logits);
            sum.div(samples.Length).backward();
            loss += sum.item<float>() / samples.Length;
            TokensSeen += batch.Tokens;
        }
        if (!double.IsFinite(loss))
            throw new InvalidOperationException($"step {Step + 1}: the loss is {loss}; a lower training.learningRate may help");

        var norm = nn.utils.clip_grad_norm_(_parameters.Select(p => p.Value), _training.MaxGradNorm);
        foreach (var group in _optimizer.ParamGroups)
            group.LearningRate = learningRate;
        _optimizer.step();
        model.eval();

        Step++;
        SamplesSeen += samples.Length;
        return new FineTuneMetrics { Step = Step, Loss = loss, LearningRate = learningRate, GradNorm = norm, SamplesSeen = SamplesSeen, SamplesDropped = SamplesDropped };
    }

    /// <summary>Writes a checkpoint that <see cref="LoadState"/> continues from, to the same bytes.</summary>
    public void SaveState(string folder) => TrainingCheckpoint.Save(folder, _parameters, _optimizer, new JsonObject
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
        var state = TrainingCheckpoint.Restore(folder, _parameters, _optimizer);
        if ((int)state["samples"]! != _samples.Count)
            throw new InvalidDataException($"{folder}: was written with {state["samples"]} samples, there are {_samples.Count} now");
        (Step, SamplesSeen, TokensSeen) = ((long)state["step"]!, (long)state["samplesSeen"]!, (long)state["tokensSeen"]!);
    }

    /// <summary>Writes the adapter as PEFT does.</summary>
    public void SaveAdapter(string folder, string baseModelUri) => PeftAdapter.Save(_adapter, folder, baseModelUri);

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _samples.Dispose();
    }

    /// <summary>The samples of this step: the next of the epoch's order. Every epoch begins a new step.</summary>
    private TrainingSample[] Next()
    {
        var perStep = _training.BatchSize * _training.GradientAccumulationSteps;
        var (epoch, step) = Math.DivRem(Step, (_samples.Count + perStep - 1) / perStep);
        return [.. _order.Take(epoch, step * perStep, perStep).Select(i => _samples[i])];
    }
}
