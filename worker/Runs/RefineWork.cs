using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Refinement;

namespace LightReasoner.Worker.Runs;

/// <summary>A RefineRun: accuracy of block generation before, training with checkpoints, the model (or adapter), accuracy after.</summary>
internal sealed class RefineWork(RunContext run, RefineRun manifest) : TrainingWork<RefineMetrics>(run, manifest.Spec.Training)
{
    private readonly RefineRunSpec _spec = manifest.Spec;

    private IEnumerable<string> Warnings(RefineTrainer trainer, int records)
    {
        var limit = $"spec.training.maxLength ({_spec.Training.MaxLength})";
        if (trainer.RecordsCut > 0)
            yield return $"{trainer.RecordsCut} of {records} records are longer than {limit} and cut ({EnumOption.Name(_spec.Truncation)})";
        if (trainer.RecordsDropped > 0)
            yield return $"{trainer.RecordsDropped} of {records} records are left out: {limit} leaves nothing of their response";
    }

    public async Task RunAsync()
    {
        using var records = await Datasets.PromptResponsesAsync(
            Run.References.DatasetUri(_spec.Dataset), _spec.Dataset.Format, _spec.PromptField, _spec.ResponseField, Run.Stop);
        var masks = _spec.Objective is RefineObjective.Interleaved;
        var evaluation = await AccuracyMeasurement.PrepareAsync(Run,
            masks && _spec.Evaluation is { } asked ? asked with { BlockLength = _spec.Interleaved.BlockSize } : _spec.Evaluation,
            masks ? Decoding.Masks : Decoding.Blocks);
        var model = await Run.Models.LoadAsync(_spec.Model, Run.Stop);
        var doubts = evaluation.Check(model);
        var validation = await ValidationAsync(_spec.Validation, model, _spec.PromptField, _spec.ResponseField, _spec.Prompt,
            masks ? EosTail.OfLength(1) : _spec.EosTail, _spec.Truncation);
        using var trainer = new RefineTrainer(model.Loaded, model.Tokenizer, records, _spec, Run.Devices);
        if (!Announce(model, trainer, "records", writesModel: false, evaluation, [.. Warnings(trainer, records.Count), .. doubts])) return;
        await evaluation.MeasureBeforeAsync(model);
        var last = await TrainAsync(trainer, "refining",
            m => $"loss {m.LossTotal:F4}, lr {m.LearningRate:G3}, {m.TokensPerSecond:F0} tok/s",
            (report, metrics) => report with { Refine = metrics },
            _spec.Validation is { } held ? new Validation(held.Steps, () => trainer.Loss(validation)) : null);

        await (_spec.Method == TrainingMethod.Lora ? PutAdapterAsync(trainer, model)
            : Run.Output.PutFolderAsync("model", folder => trainer.SaveModel(folder, model.Folder), Run.Stop));
        var result = await evaluation.MeasureAfterAsync(model, trainer.Models);
        Run.Progress.Update(report => report with { Refine = last with { Evaluation = result } });
    }
}
