using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Refinement;

namespace LightReasoner.Worker.Runs;

/// <summary>A FineTuneRun: accuracy before, training with checkpoints, adapter (and merged model), accuracy after.</summary>
internal sealed class FineTuneWork(RunContext run, FineTuneRun manifest) : TrainingWork<FineTuneMetrics>(run)
{
    private readonly FineTuneRunSpec _spec = manifest.Spec;

    public async Task RunAsync()
    {
        using SpooledList<ContrastiveSample> samples = _spec.Objective is FineTuneObjective.Sft
            ? await OwnAnswers.ReadAsync(Run.References.OutputOf(_spec.Samples.RunRef!), _spec.Sft!, Run.References.DatasetUri,
                async () => (await Run.Models.TokenizerAsync(_spec.Model, Run.Stop)).Tokenizer, Run.Stop)
            : await Datasets.SamplesAsync(Run.References.DatasetUri(_spec.Samples), _spec.Samples.Format, Run.Stop);
        AccuracyMeasurement evaluation = await AccuracyMeasurement.PrepareAsync(Run, _spec.Evaluation, Decoding.Tokens);
        ModelWithTokenizer model = await Run.Models.LoadAsync(_spec.Model, Run.Stop);
        IReadOnlyList<RefineSequence> validation = await ValidationAsync(_spec.Validation, model, "question", "answer",
            _spec.Evaluation?.Prompt ?? new PromptSpec(), _spec.Training.MaxLength, EosTail.OfLength(1), Truncation.Right);
        await evaluation.MeasureBeforeAsync(model);

        using var trainer = new LoraTrainer(model.Loaded, model.Tokenizer, samples, _spec, Run.Devices);
        Run.Progress.Say($"{samples.Count} samples{(trainer.SamplesDropped > 0 ? $", of which {trainer.SamplesDropped} are longer than maxLength and left out" : "")}");
        MemoryPrediction.Training(model.Loaded.Model.Config, model.Loaded.Model.DType, trainer.Adapter, _spec.Training.BatchSize, trainer.LongestSequence, _spec.Training.GradientCheckpointing, Run.Devices.Count)
            .WithProcess(Run.Devices[0], MemoryPrediction.Weights(model.Loaded.Model), Run.Devices.Count)
            .Check(Run, Run.Devices[0], "a smaller spec.training.batchSize with more gradientAccumulationSteps needs less, and so does gradientCheckpointing: true");
        FineTuneMetrics last = await TrainAsync(
            new Loop(() => trainer.Step, trainer.TotalSteps, () => trainer.TokensSeen,
                (tokensPerSecond, stop) => trainer.TrainStep(stop) with { TokensPerSecond = tokensPerSecond() }, trainer.SaveState, trainer.LoadState),
            _spec.Training.SaveSteps, _spec.Training.SaveMinutes, _spec.Training.SaveTotalLimit, _spec.Training.LoggingSteps, _spec.Training.Resume,
            "fine-tuning", m => FormattableString.Invariant($"loss {m.Loss:F4}, lr {m.LearningRate:G3}, {m.TokensPerSecond:F0} tok/s"),
            (report, metrics) => report with { FineTune = metrics },
            Validate(_spec.Validation, () => Perplexity.Loss(model.Loaded.Model, validation), (metrics, loss) => metrics with { ValidationLoss = loss }));

        await PutFolderAsync("adapter", folder => trainer.SaveAdapter(folder, ModelSources.PeftName(model.Uri), model.Adapters));
        EvaluationMetrics? result = await evaluation.MeasureAfterAsync(model, trainer.Replicas);
        if (_spec.Merge)
        {
            model.Loaded.Model.MergeLora();
            await PutFolderAsync("model", folder => HuggingFaceFolder.Save(model.Loaded.Model, model.Folder, folder, ModelSources.TypeOf(_spec.Model.Dtype)));
        }
        Run.Progress.Update(report => report with { FineTune = last with { Evaluation = result } });
    }
}
