using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Evaluation;
using LightReasoner.Worker.FineTuning;
using LightReasoner.Worker.Refinement;

namespace LightReasoner.Worker.Runs;

/// <summary>A FineTuneRun: accuracy before, training with checkpoints, adapter (and merged model), accuracy after.</summary>
internal sealed class FineTuneWork(RunContext run, FineTuneRun manifest) : TrainingWork<FineTuneMetrics>(run, manifest.Spec.Training)
{
    private readonly FineTuneRunSpec _spec = manifest.Spec;

    /// <summary>Compares the experts that the samples name with the model.</summary>
    /// <exception cref="WorkerException">The samples are of another model, and nothing says that this is meant.</exception>
    private List<string> CheckExperts(IReadOnlyList<ContrastiveSample> samples)
    {
        if (_spec.Objective is FineTuneObjective.Sft || RunInputs.WeightsOf(Run.Inputs, "spec.model") is not { } own) return [];
        var doubts = new List<string>();
        foreach (var (expert, count) in samples.CountBy(sample => sample.Expert ?? ""))
        {
            var (doubt, isSure) = expert.Length > 0 ? RunInputs.Mismatch(expert, own)
                : ("do not say which expert they are of; spec.model is taken for it", false);
            if (doubt is null) continue;
            doubt = $"{count:N0} of {samples.Count:N0} samples {doubt}";
            if (isSure && !_spec.OtherExpert)
                throw new WorkerException(ExitCode.BadData, $"{doubt}: their labels say what that one finds likely; set spec.model to "
                    + "that expert, or spec.otherExpert to true if another model is to learn from it");
            doubts.Add(doubt);
        }
        return doubts;
    }

    public async Task RunAsync()
    {
        using var samples = _spec.Objective is FineTuneObjective.Sft
            ? await OwnAnswers.ReadAsync(Run.References.OutputOf(_spec.Samples.RunRef!), _spec.Sft!, Run.References.DatasetUri,
                async () => (await Run.Models.TokenizerAsync(_spec.Model, Run.Stop)).Tokenizer, Run.Stop)
            : await Datasets.SamplesAsync(Run.References.DatasetUri(_spec.Samples), _spec.Samples.Format, Run.Stop);
        IReadOnlyList<string> experts = CheckExperts(samples);
        var evaluation = await AccuracyMeasurement.PrepareAsync(Run, _spec.Evaluation, Decoding.Tokens);
        var model = await Run.Models.LoadAsync(_spec.Model, Run.Stop);
        var doubts = evaluation.Check(model);
        var validation = await ValidationAsync(_spec.Validation, model, "question", "answer",
            _spec.Evaluation?.Prompt ?? new PromptSpec(), EosTail.OfLength(1), Truncation.Right);
        using var trainer = new LoraTrainer(model.Loaded, model.Tokenizer, samples, _spec, Run.Devices);
        var dropped = trainer.SamplesDropped == 0 ? (string[])[]
            : [$"{trainer.SamplesDropped} of {trainer.SamplesDropped + trainer.Records} samples are longer than "
                + $"spec.training.maxLength ({_spec.Training.MaxLength}) and left out"];
        if (!Announce(model, trainer, "samples", _spec.Merge, evaluation, [.. experts, .. dropped, .. doubts])) return;
        await evaluation.MeasureBeforeAsync(model);
        var last = await TrainAsync(trainer, "fine-tuning",
            m => $"loss {m.Loss:F4}, lr {m.LearningRate:G3}, {m.TokensPerSecond:F0} tok/s",
            (report, metrics) => report with { FineTune = metrics },
            _spec.Validation is { } held ? new Validation(held.Steps, () => Perplexity.Loss(model.Loaded.Model, validation)) : null);

        await PutAdapterAsync(trainer, model);
        var result = await evaluation.MeasureAfterAsync(model, trainer.Models);
        if (_spec.Merge)
        {
            model.Loaded.Model.MergeLora();
            await Run.Output.PutFolderAsync("model", folder =>
                HuggingFaceFolder.Save(model.Loaded.Model, model.Folder, folder, ModelSources.TypeOf(_spec.Model.Dtype)), Run.Stop);
        }
        Run.Progress.Update(report => report with { FineTune = last with { Evaluation = result } });
    }
}
