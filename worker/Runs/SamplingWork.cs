using System.Text.Json;
using LightReasoner.Api;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Sampling;
using LightReasoner.Worker.Storage;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Runs;

/// <summary>
/// One shard of a SamplingRun, chunk by chunk. A chunk holds several batches, so that a slot whose question ends goes on with another at
/// once. A chunk's samples appear in one write, so a restart finds a chunk done or not begun; which questions make a chunk depends on the
/// document alone.
/// </summary>
internal sealed class SamplingWork(RunContext run, SamplingRun manifest)
{
    /// <summary>
    /// Batches' worth of questions in a chunk, or questions where the batch is as large as memory allows: what a restart may have to do
    /// again, against slots that idle while a chunk ends.
    /// </summary>
    private const int ChunkBatches = 4, ChunkQuestions = 256;

    private readonly SamplingRunSpec _spec = manifest.Spec;
    private readonly List<ModelWithTokenizer> _models = []; // expert and amateur, once they are needed
    private (ContrastiveSampler Sampler, Func<Question, int[]>? Answers)? _prepared;
    private VocabularyFigures? _vocabulary;

    /// <summary>Kept steps that the figures hold in full, over all chunks of a shard.</summary>
    private const int Examples = 10;

    public async Task RunAsync()
    {
        using SpooledList<Question> questions = await Datasets.QuestionsAsync(run.References.DatasetUri(_spec.Dataset), _spec.Dataset.Format,
            _spec.QuestionField, _spec.IdField, answerField: null, _spec.MaxQuestions, run.Shard, _spec.Shards, run.Stop);
        run.Progress.Update(report => report with { Unit = "prompts", Total = questions.Count });

        int chunkSize = _spec.BatchSize.Number * ChunkBatches ?? ChunkQuestions;
        HashSet<string> present = [.. (await run.Output.Store.ListAsync($"samples/part-{run.Shard:D5}-", run.Stop)).Select(blob => blob.Name)];
        MetricsLog log = await MetricsLog.OpenAsync(run.Output, MetricsFile.Sampling(run.Shard, _spec.Shards), 0, run.Time, run.Stop);
        if (present.Count > 0) run.Progress.Say($"{present.Count} chunks are there already; going on from them");

        var total = new ChunkFigures(0, 0, 0, 0, 0);
        long start = run.Time.GetTimestamp(), tokensHere = 0;
        int promptsHere = 0;
        double Seconds() => Math.Max(1e-3, run.Time.GetElapsedTime(start).TotalSeconds);
        try
        {
            // A chunk begins where the one before it ended: the last one of a run that had fewer questions may be a short one.
            for (int i = 0; total.Questions < questions.Count; i++)
            {
                run.Stop.ThrowIfCancellationRequested();
                string part = $"part-{run.Shard:D5}-{i:D5}", samples = $"samples/{part}{SampleFile.Extension(_spec.Format)}", figures = $"figures/{part}.json";
                if (present.Contains(samples))
                {
                    total += await FiguresAsync(figures);
                    await TellAsync(log, total, 0, 0);
                    continue;
                }
                (ContrastiveSampler sampler, Func<Question, int[]>? given) = _prepared ??= await PrepareAsync(questions);
                int from = total.Questions;
                Question[] chunk = [.. Enumerable.Range(from, Math.Min(chunkSize, questions.Count - from)).Select(at => questions[at])];
                ChunkResult result = sampler.Sample(chunk, given is null ? null : [.. chunk.Select(given)],
                    done => TellWithin(chunk.Length, total, done, (promptsHere + done) / Seconds()), run.Stop);
                ChunkFigures news = ChunkFigures.Of(result, result.Examples((Examples * chunkSize + questions.Count - 1) / questions.Count), _vocabulary);
                // Figures and answers come first: the samples' appearance is what commits all three.
                await run.Output.PutTextAsync(figures, JsonSerializer.Serialize(news, ApiJson.Options), run.Stop);
                await run.Output.PutTextAsync($"answers/{part}.jsonl", AnswerFile.Write(chunk.Zip(result.Answers)), run.Stop);
                using var scratch = new ScratchFolder();
                await using FileStream file = File.Create(Path.Combine(scratch.Path, "samples"));
                await SampleFile.WriteAsync(result.Samples, _spec.Format, file);
                file.Position = 0;
                await run.Output.PutOnceAsync(samples, file, run.Stop);
                (tokensHere, promptsHere) = (tokensHere + news.TokensGenerated, promptsHere + news.Questions);
                total += news;
                await TellAsync(log, total, tokensHere / Seconds(), promptsHere / Seconds());
            }
            await log.FlushAsync(run.Stop);
            if (total is { Questions: > 0, SamplesKept: 0 } && await OthersKeptNoneAsync())
                throw new WorkerException(ExitCode.BadData, total.StepsSeen == 0
                    ? "no step was compared: no answer is longer than one token, and the first one counts with spec.selection.includeFirstStep only"
                    : FormattableString.Invariant($"none of the {total.StepsSeen} steps was kept, so that nothing could be learnt from the samples: everywhere KL(expert ‖ amateur) is below spec.selection.beta ({_spec.Selection.Beta})"));
        }
        finally
        {
            foreach (ModelWithTokenizer model in _models) model.Loaded.Dispose();
        }
    }

    private async Task<(ContrastiveSampler Sampler, Func<Question, int[]>? Answers)> PrepareAsync(IReadOnlyList<Question> questions)
    {
        // Tokenizers and answers are looked at before any weights are loaded.
        (Tokenizer expertTokens, int expertRows) = await run.Models.TokenizerAsync(_spec.Expert, run.Stop);
        (Tokenizer amateurTokens, int amateurRows) = await run.Models.TokenizerAsync(_spec.Amateur, run.Stop);
        VocabularyMap vocabulary = _spec.Selection.Vocabulary == VocabularyMatch.Ids || _spec.Compatibility == Compatibility.Published
            ? VocabularyMap.Equal(expertRows, amateurRows)
            : VocabularyMap.Of(expertTokens, expertRows, amateurTokens, amateurRows);
        _vocabulary = VocabularyMap.Compare(expertTokens, expertRows, amateurTokens, amateurRows);
        if (!vocabulary.SameIds) run.Progress.Say($"expert and amateur have {vocabulary.Size} tokens in common, matched by spelling");
        Func<Question, int[]>? answers = _spec.Answers is { } source ? await AnswerFile.ReadAsync(BlobUri.Join(run.References.OutputOf(source.RunRef), "answers/*"), run.Stop) : null;
        int rows = vocabulary.SameIds ? Math.Min(expertRows, amateurRows) : expertRows;
        int longest = questions.Max(question => PromptFormat.Encode(expertTokens, _spec.Prompt, question, rows).Length);

        _models.Add(await run.Models.LoadAsync(_spec.Expert, run.Stop));
        _models.Add(await run.Models.LoadAsync(_spec.Amateur, run.Stop));
        LoadedModel expert = _models[0].Loaded, amateur = _models[1].Loaded;
        int batchSize = BatchSizes.Rows(_spec.BatchSize, expert.Model, longest, _spec.Generation.MaxNewTokens, amateur.Model);
        MemoryPrediction.Sampling(expert.Model, amateur.Model, Math.Min(batchSize, questions.Count), longest, _spec.Generation.MaxNewTokens)
            .Check(run, expert.Model.Device, "a smaller spec.batchSize needs less");
        return (new ContrastiveSampler(expert, amateur, expertTokens, vocabulary, _spec, batchSize), answers);
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
            AnswersCut = total.AnswersCut,
            PromptsTooLong = total.PromptsTooLong,
        };
        await log.AddAsync(metrics, run.Stop);
        run.Progress.Tell("sampling",
            report => report with { Done = total.Questions, RatePerSecond = promptsPerSecond == 0 ? null : promptsPerSecond, Sampling = metrics },
            FormattableString.Invariant($"kept {metrics.SamplesKept} of {metrics.StepsSeen} steps ({metrics.KeepRate:P1}), mean KL {metrics.MeanKl ?? 0:F3}, {tokensPerSecond:F0} tok/s").Replace(" %", "%"));
    }
}
