using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>The figures of a run from those of its shards. What is not known now stays as it was; counts never fall.</summary>
internal static class MetricsFold
{
    /// <summary>
    /// Sums over the shards; KL weighted by samples; the rates of shards at work added up, and kept when the last one ends.
    /// </summary>
    public static SamplingMetrics? Sampling(SamplingMetrics? before, IReadOnlyList<ShardProgress> shards, int parallelism)
    {
        SamplingMetrics[] known = [.. shards.Select(s => s.Furthest.Sampling).OfType<SamplingMetrics>()];
        if (known.Length == 0) return before;
        long steps = known.Sum(m => m.StepsSeen), kept = known.Sum(m => m.SamplesKept), prompts = known.Sum(m => m.PromptsDone);
        var rate = Figures.Round(SamplingRate(before, shards, parallelism));
        // After a restart of the operator some shards may be unknown for a while.
        if (before is not null && (prompts < before.PromptsDone || steps < before.StepsSeen)) return before with { TokensPerSecond = rate };

        var klSum = known.Where(m => m.MeanKl is not null).Sum(m => m.MeanKl!.Value * m.SamplesKept);
        var klCount = known.Where(m => m.MeanKl is not null).Sum(m => m.SamplesKept);
        return new SamplingMetrics
        {
            PromptsDone = prompts,
            StepsSeen = steps,
            SamplesKept = kept,
            KeepRate = steps > 0 ? Share((double)kept / steps) : null,
            MeanKl = klCount > 0 ? Figures.Round(klSum / klCount) : null,
            TokensPerSecond = rate,
            AnswersCut = known.Any(m => m.AnswersCut is not null) ? known.Sum(m => m.AnswersCut ?? 0) : null,
            PromptsTooLong = known.Any(m => m.PromptsTooLong is not null) ? known.Sum(m => m.PromptsTooLong ?? 0) : null,
        };
    }

    public static FineTuneMetrics? FineTune(FineTuneMetrics? before, IReadOnlyList<ShardProgress> shards)
    {
        if (shards.Count == 0 || shards[0].Furthest.FineTune is not { } m || m.Step < before?.Step) return before;
        return m with
        {
            Loss = Figures.Round(m.Loss) ?? before?.Loss,
            LearningRate = Figures.Round(m.LearningRate) ?? before?.LearningRate,
            GradNorm = Figures.Round(m.GradNorm) ?? before?.GradNorm,
            SamplesSeen = m.SamplesSeen ?? before?.SamplesSeen,
            SamplesDropped = m.SamplesDropped ?? before?.SamplesDropped,
            TokensPerSecond = Figures.Round(m.TokensPerSecond) ?? before?.TokensPerSecond,
            ValidationLoss = Figures.Round(m.ValidationLoss) ?? before?.ValidationLoss,
            Evaluation = Evaluation(before?.Evaluation, m.Evaluation),
        };
    }

    public static RefineMetrics? Refine(RefineMetrics? before, IReadOnlyList<ShardProgress> shards)
    {
        if (shards.Count == 0 || shards[0].Furthest.Refine is not { } m || m.Step < before?.Step) return before;
        return m with
        {
            Epoch = Figures.Round(m.Epoch) ?? before?.Epoch,
            LossTotal = Figures.Round(m.LossTotal) ?? before?.LossTotal,
            Losses = m.Losses is { } losses ? [.. losses.Select(loss => Figures.Round(loss) ?? 0)] : before?.Losses,
            NoiseMean = Figures.Round(m.NoiseMean) ?? before?.NoiseMean,
            GradNorm = Figures.Round(m.GradNorm) ?? before?.GradNorm,
            LearningRate = Figures.Round(m.LearningRate) ?? before?.LearningRate,
            RecordsCut = m.RecordsCut ?? before?.RecordsCut,
            RecordsDropped = m.RecordsDropped ?? before?.RecordsDropped,
            TokensPerSecond = Figures.Round(m.TokensPerSecond) ?? before?.TokensPerSecond,
            ValidationLoss = Figures.Round(m.ValidationLoss) ?? before?.ValidationLoss,
            Evaluation = Evaluation(before?.Evaluation, m.Evaluation),
        };
    }

    private static EvaluationMetrics? Evaluation(EvaluationMetrics? before, EvaluationMetrics? now) => now is null ? before
        : (EvaluationMetrics)Accuracy(before, now) with
        {
            Improved = now.Improved ?? before?.Improved,
            Worsened = now.Worsened ?? before?.Worsened,
            CutBefore = now.CutBefore ?? before?.CutBefore,
            CutAfter = now.CutAfter ?? before?.CutAfter,
            TokensPerForward = Figures.Round(now.TokensPerForward) ?? before?.TokensPerForward,
            Benchmarks = now.Benchmarks is { } sets ? [.. sets.Select(set => (BenchmarkMetrics)Accuracy(null, set))]
                : before?.Benchmarks,
        };

    private static AccuracyMetrics Accuracy(AccuracyMetrics? before, AccuracyMetrics now) => now with
    {
        Before = Share(now.Before) ?? before?.Before,
        BeforeLow = Share(now.BeforeLow) ?? before?.BeforeLow,
        BeforeHigh = Share(now.BeforeHigh) ?? before?.BeforeHigh,
        After = Share(now.After) ?? before?.After,
        AfterLow = Share(now.AfterLow) ?? before?.AfterLow,
        AfterHigh = Share(now.AfterHigh) ?? before?.AfterHigh,
        ChangeLow = Figures.Round(now.ChangeLow) ?? before?.ChangeLow,
        ChangeHigh = Figures.Round(now.ChangeHigh) ?? before?.ChangeHigh,
    };

    /// <summary>The schema refuses a whole status for a share outside of 0 to 1.</summary>
    private static double? Share(double? value) => Figures.Round(value) is { } share ? Math.Clamp(share, 0, 1) : null;

    private static double? SamplingRate(SamplingMetrics? before, IReadOnlyList<ShardProgress> shards, int parallelism)
    {
        double?[] atWork = [.. shards.Where(s => s.IsAtWork).Select(s => s.Latest.Sampling?.TokensPerSecond)];
        if (atWork.Any(rate => rate is not null)) return atWork.Sum();
        if (before?.TokensPerSecond is { } last) return last;
        // No report came while the shards were at work: what the finished ones say, as many as ran side by side.
        double[] finished = [.. shards.Select(s => s.Latest.Sampling?.TokensPerSecond).OfType<double>()];
        return finished.Length == 0 ? null : finished.Average() * Math.Min(parallelism, finished.Length);
    }
}
