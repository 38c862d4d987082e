using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Refinement;

namespace LightReasoner.Worker.Runs;

/// <summary>A RefineRun: accuracy of block generation before, training with checkpoints, the model (or adapter), accuracy after.</summary>
internal sealed class RefineWork(RunContext run, RefineRun manifest) : TrainingWork<RefineMetrics>(run)
{
    private readonly RefineRunSpec _spec = manifest.Spec;

    public async Task RunAsync()
    {
        using SpooledList<PromptResponse> records = await Datasets.PromptResponsesAsync(
            Run.References.DatasetUri(_spec.Dataset), _spec.Dataset.Format, _spec.PromptField, _spec.ResponseField, Run.Stop);
        bool masks = _spec.Objective is RefineObjective.Interleaved;
        AccuracyMeasurement evaluation = await AccuracyMeasurement.PrepareAsync(Run,
            masks && _spec.Evaluation is { } asked ? asked with { BlockLength = _spec.Interleaved.BlockSize } : _spec.Evaluation, masks ? Decoding.Masks : Decoding.Blocks);
        ModelWithTokenizer model = await Run.Models.LoadAsync(_spec.Model, Run.Stop);
        IReadOnlyList<RefineSequence> validation = await ValidationAsync(_spec.Validation, model, _spec.PromptField, _spec.ResponseField, _spec.Prompt,
            _spec.Training.MaxLength, masks ? EosTail.OfLength(1) : _spec.EosTail, _spec.Truncation);
        await evaluation.MeasureBeforeAsync(model);

        using var trainer = new RefineTrainer(model.Loaded, model.Tokenizer, records, _spec, Run.Devices);
        Run.Progress.Say($"{records.Count} records, {trainer.TotalSteps} steps");
        MemoryPrediction.Training(model.Loaded.Model.Config, model.Loaded.Model.DType, trainer.Adapter, _spec.Training.BatchSize, trainer.LongestSequence, _spec.Training.GradientCheckpointing, Run.Devices.Count)
            .WithProcess(Run.Devices[0], MemoryPrediction.Weights(model.Loaded.Model), Run.Devices.Count)
            .Check(Run, Run.Devices[0], "a smaller spec.training.batchSize with more gradientAccumulationSteps needs less, and so does gradientCheckpointing: true");
        RefineMetrics last = await TrainAsync(
            new Loop(() => trainer.Step, trainer.TotalSteps, () => trainer.TokensSeen,
                (tokensPerSecond, stop) => trainer.TrainStep(stop) with { TokensPerSecond = tokensPerSecond() }, trainer.SaveState, trainer.LoadState),
            _spec.Training.SaveSteps, _spec.Training.SaveMinutes, _spec.Training.SaveTotalLimit, _spec.Training.LoggingSteps, _spec.Training.Resume,
            "refining", m => FormattableString.Invariant($"loss {m.LossTotal:F4}, lr {m.LearningRate:G3}, {m.TokensPerSecond:F0} tok/s"),
            (report, metrics) => report with { Refine = metrics },
            Validate(_spec.Validation, () => trainer.Loss(validation), (metrics, loss) => metrics with { ValidationLoss = loss }));

        if (_spec.Method == TrainingMethod.Lora) await PutFolderAsync("adapter", folder => trainer.SaveAdapter(folder, ModelSources.PeftName(model.Uri), model.Adapters));
        else await PutFolderAsync("model", folder => trainer.SaveModel(folder, model.Folder));
        EvaluationMetrics? result = await evaluation.MeasureAfterAsync(model, trainer.Replicas);
        Run.Progress.Update(report => report with { Refine = last with { Evaluation = result } });
    }
}
