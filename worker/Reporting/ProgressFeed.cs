using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Reporting;

/// <summary>What is told while a run works, to the operator and to the person at the terminal at once; from any thread.</summary>
internal sealed class ProgressFeed(ProgressReporter reporter, ConsoleProgress console) : IProgress<DownloadProgress>
{
    public void Report(DownloadProgress value)
    {
        reporter.Update(report => report with { Message = value.Done < value.Total ? $"{value}" : null });
        var megabytes = reporter.Latest with { Unit = "MB", Done = value.Done / 1_000_000, Total = value.Total / 1_000_000 };
        lock (console) console.Show("downloading", megabytes with { RatePerSecond = null }, "");
    }

    public void Say(string text)
    {
        lock (console) console.Say(text);
    }

    /// <summary>News for the operator only.</summary>
    public void Update(Func<ProgressReport, ProgressReport> change) => reporter.Update(change);

    /// <summary>How far a part of the work is that the operator does not count, for the person only.</summary>
    public void Show(string what, int done, int total, string unit, TimeSpan taken)
    {
        double? rate = done > 0 ? done / Math.Max(1e-3, taken.TotalSeconds) : null;
        lock (console) console.Show(what, reporter.Latest with { Done = done, Total = total, Unit = unit, RatePerSecond = rate }, "");
    }

    public void Tell(string what, Func<ProgressReport, ProgressReport> change, string figures)
    {
        reporter.Update(change);
        lock (console) console.Show(what, reporter.Latest, figures);
    }
}
