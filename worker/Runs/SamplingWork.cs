using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// One shard of a SamplingRun, chunk by chunk. A chunk holds several batches, so that a slot whose question ends goes on with another at once. A chunk's samples appear in one write, so a restart finds a chunk done or not begun; which questions
/// make a chunk depends on the document alone.
/// </summary>
internal sealed class SamplingWork(RunContext run, SamplingRun manifest)
{
    /// <summary>Batches' worth of questions in a chunk: what a restart may have to do again, against slots that idle while a chunk ends.</summary>
    private const int ChunkBatches = 4;

    private readonly SamplingRunSpec _spec = manifest.Spec;

    /// <summary>Kept steps that the figures hold in full, over all chunks of a shard.</summary>
    private const int Examples = 10;

    public async Task RunAsync()
    {
        using SpooledList<Question> questions = await Datasets.QuestionsAsync(run.References.DatasetUri(_spec.Dataset), _spec.Dataset.Format,
            _spec.QuestionField, _spec.IdField, answerField: null, _spec.MaxQuestions, run.Shard, _spec.Shards, run.Stop);
        run.Progress.Update(report => report with { Unit = "prompts", Total = questions.Count });

        int chunkSize = _spec.BatchSize * ChunkBatches, chunks = (questions.Count + chunkSize - 1) / chunkSize;
        HashSet<string> present = [.. (await run.Output.Store.ListAsync($"samples/part-{run.Shard:D5}-", run.Stop)).Select(blob => blob.Name)];
        MetricsLog log = await MetricsLog.OpenAsync(run.Output, MetricsFile.Sampling(run.Shard, _spec.Shards), 0, run.Time, run.Stop);
        if (present.Count > 0) run.Progress.Say($"{present.Count} of {chunks} chunks are there already; going on from them");

        ContrastiveSampler? sampler = null;
        var total = new ChunkFigures(0, 0, 0, 0, 0);
        long start = run.Time.GetTimestamp(), tokensHere = 0;
        int promptsHere = 0;
        try
        {
            for (int i = 0; i < chunks; i++)
            {
                run.Stop.ThrowIfCancellationRequested();
                string blob = $"samples/part-{run.Shard:D5}-{i:D5}{SampleFile.Extension(_spec.Format)}", figuresBlob = $"figures/part-{run.Shard:D5}-{i:D5}.json";
                ChunkFigures figures;
                if (present.Contains(blob))
                {
                    figures = await FiguresAsync(figuresBlob);
                }
                else
                {
                    sampler ??= await CreateSamplerAsync(questions);
                    Question[] chunk = [.. Enumerable.Range(i * chunkSize, Math.Min(chunkSize, questions.Count - i * chunkSize)).Select(at => questions[at])];
                    ChunkResult result = sampler.Sample(chunk, done => TellWithin(chunk.Length, total, done, (promptsHere + done) / Math.Max(1e-3, run.Time.GetElapsedTime(start).TotalSeconds)), run.Stop);
                    figures = ChunkFigures.Of(result, sampler.Examples(result.Samples, (Examples + chunks - 1) / chunks));
                    // The figures come first: the samples' appearance is what commits both.
                    await run.Output.PutTextAsync(figuresBlob, JsonSerializer.Serialize(figures, ApiJson.Options), run.Stop);
                    using var scratch = new ScratchFolder();
                    await using FileStream samples = File.Create(Path.Combine(scratch.Path, "samples"));
                    await SampleFile.WriteAsync(result.Samples, _spec.Format, samples);
                    samples.Position = 0;
                    await run.Output.PutOnceAsync(blob, samples, run.Stop);
                    (tokensHere, promptsHere) = (tokensHere + figures.TokensGenerated, promptsHere + figures.Questions);
                }
                total += figures;
                double seconds = Math.Max(1e-3, run.Time.GetElapsedTime(start).TotalSeconds);
                await TellAsync(log, total, tokensHere / seconds, promptsHere / seconds);
            }
            await log.FlushAsync(run.Stop);
            if (total is { Questions: > 0, SamplesKept: 0 } && await OthersKeptNoneAsync())
                throw new WorkerException(ExitCode.BadData, FormattableString.Invariant(
                    $"none of the {total.StepsSeen} steps was kept, so that nothing could be learnt from the samples: everywhere KL(expert ‖ amateur) is below spec.selection.beta ({_spec.Selection.Beta})"));
        }
        finally
        {
            sampler?.Dispose();
        }
    }

    private async Task<ContrastiveSampler> CreateSamplerAsync(IReadOnlyList<Question> questions)
    {
        ModelWithTokenizer expert = await run.Models.LoadAsync(_spec.Expert, run.Stop), amateur = await run.Models.LoadAsync(_spec.Amateur, run.Stop);
        int vocabulary = Math.Min(expert.Loaded.Model.Config.VocabSize, amateur.Loaded.Model.Config.VocabSize);
        int longest = questions.Max(question => PromptFormat.Encode(expert.Tokenizer, _spec.Prompt, question, vocabulary).Length);
        MemoryPrediction.Sampling(expert.Loaded.Model, amateur.Loaded.Model, Math.Min(_spec.BatchSize, questions.Count), longest, _spec.Generation.MaxNewTokens)
            .Check(run, expert.Loaded.Model.Device, "a smaller spec.batchSize needs less");
        return new ContrastiveSampler(expert.Loaded, amateur.Loaded, expert.Tokenizer, _spec);
    }

    /// <summary>Whether all other shards are done and kept no sample either.</summary>
    private async Task<bool> OthersKeptNoneAsync()
    {
        foreach (int shard in Enumerable.Range(0, _spec.Shards).Where(shard => shard != run.Shard))
        {
            if (await run.Output.Store.GetAsync($"results/shard-{shard:D5}.json", run.Stop) is not { } result
                || JsonSerializer.Deserialize<ProgressReport>(result.Bytes, ApiJson.Options)!.Sampling is { SamplesKept: > 0 }) return false;
        }
        return true;
    }

    private async Task<ChunkFigures> FiguresAsync(string blob)
    {
        BlobContent content = await run.Output.Store.GetAsync(blob, run.Stop)
            ?? throw new WorkerException(ExitCode.BadData, $"{run.Output.Store.Uri}/{blob} is missing beside its samples; delete both to have the chunk made again");
        return JsonSerializer.Deserialize<ChunkFigures>(content.Bytes, ApiJson.Options)!;
    }

    /// <summary>Progress while a chunk is sampled; its end is told with its figures.</summary>
    private void TellWithin(int questions, ChunkFigures before, int done, double promptsPerSecond)
    {
        if (done == questions) return;
        run.Progress.Tell("sampling", report => report with { Done = before.Questions + done, RatePerSecond = promptsPerSecond },
            before.Questions == 0 ? "" : $"kept {before.SamplesKept} of {before.StepsSeen} steps");
    }

    private async Task TellAsync(MetricsLog log, ChunkFigures total, double tokensPerSecond, double promptsPerSecond)
    {
        var metrics = new SamplingMetrics
        {
            PromptsDone = total.Questions,
            StepsSeen = total.StepsSeen,
            SamplesKept = total.SamplesKept,
            KeepRate = total.StepsSeen == 0 ? 0 : (double)total.SamplesKept / total.StepsSeen,
            MeanKl = total.SamplesKept == 0 ? null : total.KlSum / total.SamplesKept,
            TokensPerSecond = tokensPerSecond == 0 ? null : tokensPerSecond,
            AcceptedDraftLength = total.DraftPasses == 0 ? null : (double)total.DraftsAccepted / total.DraftPasses,
            ExpertPassesSaved = total.DraftsAccepted,
        };
        await log.AddAsync(metrics, run.Stop);
        run.Progress.Tell("sampling",
            report => report with { Done = total.Questions, RatePerSecond = promptsPerSecond == 0 ? null : promptsPerSecond, Sampling = metrics },
            FormattableString.Invariant($"kept {metrics.SamplesKept} of {metrics.StepsSeen} steps ({metrics.KeepRate:P1}), mean KL {metrics.MeanKl ?? 0:F3}, {tokensPerSecond:F0} tok/s").Replace(" %", "%"));
    }
}
