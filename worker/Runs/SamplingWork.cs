using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
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
    /// <summary>Batches, or questions with batchSize auto, in a chunk: what a restart repeats, against slots idle at its end.</summary>
    private const int ChunkBatches = 4, ChunkQuestions = 256;

    /// <summary>Questions that a plan is timed with where the batch is as large as memory allows.</summary>
    private const int TrialQuestions = 16;

    private const int ShardsListed = 16;

    private readonly SamplingRunSpec _spec = manifest.Spec;
    private readonly List<IDisposable> _copies = []; // expert and amateur on the other devices
    private readonly Dictionary<string, int> _within = []; // questions done by chunk, of those that are under way
    private Prepared? _prepared;
    private VocabularyFigures? _vocabulary;

    /// <param name="Answers">The answers of another run, by question; null where the expert generates them.</param>
    /// <param name="Lengths">Tokens of the prompts of each shard that is looked at.</param>
    private sealed record Prepared(DeviceQueue<ContrastiveSampler> Samplers, Func<Question, int[]>? Answers, IReadOnlyList<int[]> Lengths,
        RunPlan Plan)
    {
        public Task<ChunkResult> Sample(Question[] questions, Action<int>? told, CancellationToken stop)
        {
            int[][]? answers = Answers is null ? null : [.. questions.Select(Answers)];
            return Samplers.Add(sampler => sampler.Sample(questions, answers, told, stop));
        }
    }

    /// <summary>Kept steps that the figures hold in full, over all chunks of a shard.</summary>
    private const int Examples = 10;

    /// <summary>A chunk that is under way, or whose figures say that it is there.</summary>
    private sealed record Chunk(string Part, Question[] Questions, Task<ChunkResult>? Result, ChunkFigures? There);

    public async Task RunAsync()
    {
        using var questions = await Datasets.QuestionsAsync(run.References.DatasetUri(_spec.Dataset), _spec.Dataset.Format,
            _spec.QuestionField, _spec.IdField, answerField: null, _spec.MaxQuestions,
            run.AllShards ? 0 : run.Shard, run.AllShards ? 1 : _spec.Shards, run.Stop);
        run.Progress.Update(report => report with { Unit = "prompts", Total = questions.Count });

        if (run.PlanOnly)
        {
            await PlanAsync(questions);
            return;
        }
        HashSet<string> present =
            [.. (await run.Output.Store.ListAsync($"samples/part-{run.Shard:D5}-", run.Stop)).Select(blob => blob.Name)];
        var log = await MetricsLog.OpenAsync(run.Output, MetricsFile.Sampling(run.Shard, _spec.Shards), 0, run.Time, run.Stop,
            run.Tracking);
        if (present.Count > 0) run.Progress.Say($"{present.Count} chunks already exist; continuing after them");

        var total = new ChunkFigures(0, 0, 0, 0, 0);
        long start = run.Time.GetTimestamp(), tokensHere = 0;
        var promptsHere = 0;
        double Seconds() => Math.Max(1e-3, run.Time.GetElapsedTime(start).TotalSeconds);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Stop);
        var ahead = new Queue<Chunk>();
        try
        {
            // The devices take chunks as they become free, and one lies ready for the next; chunks are committed in their order.
            for (int begun = 0, next = 0; total.Questions < questions.Count;)
            {
                while (ahead.Count <= run.Devices.Count && next < questions.Count)
                {
                    var added = await BeginAsync($"part-{run.Shard:D5}-{begun++:D5}", next);
                    ahead.Enqueue(added);
                    // A chunk begins where the one before it ended: the last one of a run that had fewer questions may be a short one.
                    next += added.There?.Questions ?? added.Questions.Length;
                }
                var chunk = ahead.Peek();
                var news = chunk.There ?? await CommitAsync(chunk, await chunk.Result!);
                ahead.Dequeue();
                if (chunk.There is null) (tokensHere, promptsHere) = (tokensHere + news.TokensGenerated, promptsHere + news.Questions);
                foreach (var point in news.Course.SkipLast(1)) await log.AddAsync(Metrics(total.Plus(point), 0), run.Stop);
                lock (_within)
                {
                    _within.Remove(chunk.Part);
                    total += news;
                }
                await TellAsync(log, total, tokensHere / Seconds(), promptsHere / Seconds());
            }
            await log.FlushAsync(run.Stop);
            if (total.AnswersCut + total.PromptsTooLong > 0)
                run.Progress.Say($"{total.AnswersCut} of {total.Questions} answers were cut at maxNewTokens "
                    + $"({_spec.Generation.MaxNewTokens}) or at the end of the models' context; {total.PromptsTooLong} questions that fill "
                    + "it were left out");
            if (total is { Questions: > 0, SamplesKept: 0 } && await OthersKeptNoneAsync())
                throw new WorkerException(ExitCode.BadData, total.StepsSeen == 0
                    ? "no step was compared: no answer is longer than one token, and the first one counts with "
                        + "spec.selection.includeFirstStep only"
                    : $"none of the {total.StepsSeen} steps was kept, so that nothing could be learnt from the samples: everywhere "
                        + $"KL(expert ‖ amateur) is below spec.selection.beta ({_spec.Selection.Beta})");
        }
        finally
        {
            await stop.CancelAsync();
            await DisposeAsync();
        }

        async Task<Chunk> BeginAsync(string part, int from)
        {
            if (present.Contains(Samples(part))) return new Chunk(part, [], null, await FiguresAsync($"figures/{part}.json"));
            run.Stop.ThrowIfCancellationRequested();
            if (_prepared is null)
            {
                _prepared = await PrepareAsync(questions);
                run.Announce(_prepared.Plan);
            }
            Question[] chunk = [.. Enumerable.Range(from, Math.Min(ChunkSize, questions.Count - from)).Select(at => questions[at])];
            return new Chunk(part, chunk, _prepared.Sample(chunk, done => TellWithin(part, done, chunk.Length), stop.Token), null);
        }

        async Task<ChunkFigures> CommitAsync(Chunk chunk, ChunkResult result)
        {
            var news = ChunkFigures.Of(
                result, result.Examples((Examples * ChunkSize + questions.Count - 1) / questions.Count), _vocabulary);
            // Figures and answers come first: the samples' appearance is what commits all three.
            await run.Output.PutJsonAsync($"figures/{chunk.Part}.json", news, run.Stop);
            await run.Output.PutTextAsync($"answers/{chunk.Part}.jsonl", AnswerFile.Write(chunk.Questions.Zip(result.Answers)), run.Stop);
            using var scratch = new ScratchFolder();
            await using var file = File.Create(Path.Combine(scratch.Path, "samples"));
            await SampleFile.WriteAsync(Marked(result.Samples), _spec.Format, file);
            file.Position = 0;
            await run.Output.PutOnceAsync(Samples(chunk.Part), file, run.Stop);
            return news;
        }

        // Progress while chunks are sampled; a chunk's end is told with its figures.
        void TellWithin(string part, int done, int all)
        {
            lock (_within)
            {
                _within[part] = done;
                if (done == all) return;
                var within = _within.Values.Sum();
                run.Progress.Tell("sampling",
                    report => report with { Done = total.Questions + within, RatePerSecond = (promptsHere + within) / Seconds() },
                    total.Questions == 0 ? "" : $"kept {total.SamplesKept} of {total.StepsSeen} steps");
            }
        }
    }

    private string Samples(string part) => $"samples/{part}{SampleFile.Extension(_spec.Format)}";

    private async Task DisposeAsync()
    {
        if (_prepared is { } prepared) await prepared.Samplers.DisposeAsync();
        foreach (var model in _copies) model.Dispose();
    }

    private int ChunkSize => _spec.BatchSize.Number * ChunkBatches ?? ChunkQuestions;

    /// <summary>Says what would be done, and how long it would take by a first batch that is sampled and thrown away.</summary>
    private async Task PlanAsync(IReadOnlyList<Question> questions)
    {
        try
        {
            var prepared = _prepared = await PrepareAsync(questions);
            Question[] some = [.. questions.Take(Math.Min(_spec.BatchSize.Number ?? TrialQuestions, questions.Count))];
            var begun = run.Time.GetTimestamp();
            var result = await prepared.Sample(some, null, run.Stop);
            var each = run.Time.GetElapsedTime(begun) / some.Length;
            using var content = new MemoryStream();
            await SampleFile.WriteAsync(Marked(result.Samples), _spec.Format, content);
            int together = _spec.Parallelism ?? _spec.Shards, rounds = (_spec.Shards - 1) / together + 1;
            run.Announce(prepared.Plan with
            {
                Shards = [.. ShardLines(prepared.Lengths, each)],
                Duration = RunPlan.About(each * questions.Count) + (prepared.Lengths.Count == 1 ? ""
                    : $" of work, {RunPlan.About(each * Largest(prepared.Lengths) * rounds)} with {together} of {_spec.Shards} shards at a "
                        + "time on machines like this one"),
                OutputBytes = content.Length * questions.Count / some.Length + 100L * result.StepsSeen * questions.Count / some.Length,
            });
        }
        finally
        {
            await DisposeAsync();
        }
    }

    /// <summary>What each shard has to do; of many shards, what the smallest and the largest have.</summary>
    private static IEnumerable<string> ShardLines(IReadOnlyList<int[]> lengths, TimeSpan each)
    {
        if (lengths.Count is > 1 and <= ShardsListed)
            foreach (var (shard, prompts) in lengths.Index())
                yield return $"shard {shard}: {prompts.Length:N0} questions of {prompts.Sum():N0} tokens, "
                    + RunPlan.About(each * prompts.Length);
        else if (lengths.Count > 1)
            yield return $"each shard: {lengths.Min(prompts => prompts.Length):N0} to {Largest(lengths):N0} questions of "
                + $"{lengths.Min(prompts => prompts.Sum()):N0} to {lengths.Max(prompts => prompts.Sum()):N0} tokens, "
                + RunPlan.About(each * Largest(lengths));
    }

    private static int Largest(IReadOnlyList<int[]> lengths) => lengths.Max(prompts => prompts.Length);

    /// <summary>The samples with the fingerprint of the expert that they are of.</summary>
    private IReadOnlyList<ContrastiveSample> Marked(IReadOnlyList<ContrastiveSample> samples) =>
        RunInputs.WeightsOf(run.Inputs, "spec.expert") is { } expert
        ? new LazyList<ContrastiveSample>(samples.Count, i => samples[i] with { Expert = expert }) : samples;

    private async Task<Prepared> PrepareAsync(IReadOnlyList<Question> questions)
    {
        // Tokenizers and answers are looked at before any weights are loaded.
        var (expertTokens, expertRows) = await run.Models.TokenizerAsync(_spec.Expert, run.Stop);
        var (amateurTokens, amateurRows) = await run.Models.TokenizerAsync(_spec.Amateur, run.Stop);
        var vocabulary = _spec.Selection.Vocabulary == VocabularyMatch.Ids || _spec.Compatibility == Compatibility.Published
            ? VocabularyMap.Equal(expertRows, amateurRows)
            : VocabularyMap.Of(expertTokens, expertRows, amateurTokens, amateurRows);
        _vocabulary = VocabularyMap.Compare(expertTokens, expertRows, amateurTokens, amateurRows);
        if (!vocabulary.SameIds) run.Progress.Say($"expert and amateur have {vocabulary.Size} tokens in common, matched by spelling");
        Func<Question, int[]>? answers = _spec.Answers is { } source
            ? await AnswerFile.ReadAsync(BlobUri.Join(run.References.OutputOf(source.RunRef), "answers/*"), run.Stop) : null;
        var rows = vocabulary.SameIds ? Math.Min(expertRows, amateurRows) : expertRows;
        var shards = run.AllShards ? _spec.Shards : 1;
        if (questions.Count < shards)
            throw new WorkerException(ExitCode.BadData, $"shard {(run.AllShards ? questions.Count : run.Shard)} has no questions: the "
                + $"dataset has fewer than spec.shards ({_spec.Shards}); lower it");
        int[] lengths = [.. questions.Select(question => PromptFormat.Encode(expertTokens, _spec.Prompt, question, rows).Length)];
        IReadOnlyList<int[]> byShard = shards == 1 ? [lengths]
            : [.. Enumerable.Range(0, shards).Select(shard => lengths.Where((_, i) => i % shards == shard).ToArray())];
        int longest = lengths.Max(), maxNewTokens = _spec.Generation.MaxNewTokens;

        ModelWithTokenizer expertSource = await run.Models.LoadAsync(_spec.Expert, run.Stop),
            amateurSource = await run.Models.LoadAsync(_spec.Amateur, run.Stop);
        LoadedModel expert = expertSource.Loaded, amateur = amateurSource.Loaded;
        int batchSize = BatchSizes.Rows(_spec.BatchSize, expert.Model, longest, maxNewTokens, amateur.Model),
            most = Largest(byShard), atOnce = Math.Min(batchSize, most);
        var context = Math.Min(expert.Model.Config.MaxPositionEmbeddings, amateur.Model.Config.MaxPositionEmbeddings);
        if (lengths.All(length => length >= context))
            throw new WorkerException(ExitCode.BadData,
                $"all {lengths.Length} prompts have {lengths.Min()} tokens or more, which fill the models' context of {context} tokens; "
                + "nothing could be generated");
        // A kept step is written with all tokens before it, and about one step in five is kept.
        var answer = Math.Min(maxNewTokens, context);
        var bytes = questions.Count * (answer / 5L) * (10L * (lengths.Sum(length => (long)length) / lengths.Length + answer / 2) + 300);
        ModelReplicas experts = new(expert.Model, run.Devices), amateurs = new(amateur.Model, run.Devices);
        _copies.AddRange([experts, amateurs]);
        var samplers = new DeviceQueue<ContrastiveSampler>(experts.Models.Zip(amateurs.Models, (one, other) => new ContrastiveSampler(
            expert with { Model = one }, amateur with { Model = other }, expertTokens, vocabulary, _spec, batchSize)));
        var shardWords = _spec.Shards == 1 ? "" : run.AllShards ? $" in {_spec.Shards} shards" : $" (shard {run.Shard} of {_spec.Shards})";
        return new Prepared(samplers, answers, byShard, new RunPlan
        {
            Models = [RunPlan.Model("expert", expertSource), RunPlan.Model("amateur", amateurSource)],
            Work = $"{questions.Count:N0} questions{shardWords} of {lengths.Sum(length => (long)length):N0} tokens (the longest "
                + $"{longest:N0}), "
                + (answers is null ? $"answers of up to {maxNewTokens:N0} tokens, {atOnce} at a time" : "answers of another run"),
            Memory = MemoryPrediction.Sampling(expert.Model, amateur.Model, atOnce, longest, maxNewTokens, Math.Min(ChunkSize, most))
                .WithProcess(expert.Model.Device, MemoryPrediction.Weights(expert.Model) + MemoryPrediction.Weights(amateur.Model),
                    run.Devices.Count),
            MemoryRemedy = "a smaller spec.batchSize needs less",
            Writes = "samples/, answers/, figures/, metrics.jsonl, report.html and run.json there",
            OutputBytes = bytes,
            ScratchBytes = bytes * Math.Min(ChunkSize, most) / questions.Count,
            Warnings = [.. RunPlan.ContextWarnings("questions", lengths, maxNewTokens, context, "they are left out")],
        });
    }

    /// <summary>Whether all other shards are done and kept no sample either.</summary>
    private async Task<bool> OthersKeptNoneAsync()
    {
        foreach (var shard in Enumerable.Range(0, _spec.Shards).Where(shard => shard != run.Shard))
        {
            if (await RunResult.ReadAsync(run.Output.Store, RunResult.ScopeOf(shard, _spec.Shards), _spec, run.Stop) is not { } other
                || other.Report.Sampling is { SamplesKept: > 0 }) return false;
        }
        return true;
    }

    private async Task<ChunkFigures> FiguresAsync(string blob) =>
        await RunRecords.JsonAsync<ChunkFigures>(run.Output.Store, blob, run.Stop) ?? throw new WorkerException(ExitCode.BadData,
            $"{run.Output.Store.Uri}/{blob} is missing beside its samples; delete both to have the chunk made again");

    private static SamplingMetrics Metrics(ChunkFigures total, double tokensPerSecond) => new()
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

    private async Task TellAsync(MetricsLog log, ChunkFigures total, double tokensPerSecond, double promptsPerSecond)
    {
        var metrics = Metrics(total, tokensPerSecond);
        await log.AddAsync(metrics, run.Stop);
        var figures = $"kept {metrics.SamplesKept} of {metrics.StepsSeen} steps ({100 * metrics.KeepRate:F1}%), "
            + $"mean KL {metrics.MeanKl ?? 0:F3}, {tokensPerSecond:F0} tok/s";
        double? rate = promptsPerSecond == 0 ? null : promptsPerSecond;
        lock (_within)
            run.Progress.Tell("sampling", report => report with
            {
                Done = total.Questions + _within.Values.Sum(),
                RatePerSecond = rate,
                Sampling = metrics,
            }, figures);
    }
}
