using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.FineTuning;

namespace LightReasoner.Worker.Runs;

/// <summary>A FineTuneRun: accuracy before, training with checkpoints, adapter (and merged model), accuracy after.</summary>
internal sealed class FineTuneWork(RunContext run, FineTuneRun manifest) : TrainingWork<FineTuneMetrics>(run)
{
    private readonly FineTuneRunSpec _spec = manifest.Spec;

    public async Task RunAsync()
    {
        string samplesUri = Run.References.DatasetUri(_spec.Samples);
        using SpooledList<ContrastiveSample> samples = await Datasets.SamplesAsync(samplesUri, _spec.Samples.Format, Run.Stop);
        ModelWithTokenizer model = await Run.Models.LoadAsync(_spec.Model, Run.Stop);
        AccuracyMeasurement evaluation = await AccuracyMeasurement.PrepareAsync(Run, _spec.Evaluation, model, blocks: false);
        await evaluation.MeasureBeforeAsync();

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
            (report, metrics) => report with { FineTune = metrics });

        await PutFolderAsync("adapter", folder => trainer.SaveAdapter(folder, ModelSources.PeftName(model.Uri), model.Adapters));
        EvaluationMetrics? result = await evaluation.MeasureAfterAsync(trainer.Replicas);
        if (_spec.Merge)
        {
            model.Loaded.Model.MergeLora();
            await PutFolderAsync("model", folder => HuggingFaceFolder.Save(model.Loaded.Model, model.Folder, folder, ModelSources.TypeOf(_spec.Model.Dtype)));
        }
        Run.Progress.Update(report => report with { FineTune = last with { Evaluation = result } });
    }
}
