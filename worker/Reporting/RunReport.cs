using System.Numerics;
using LightReasoner.Worker.Reporting.Pages;

namespace LightReasoner.Worker.Reporting;

/// <summary><c>report.html</c>: what was run, how it went and what came out, in one file that needs nothing else.</summary>
internal static class RunReport
{
    public const string BlobName = "report.html";

    /// <summary>
    /// Writes the report from the run's own records: after the last shard, and after the first, second, fourth, eighth …, since each
    /// report reads what all shards left. A run whose work is done and saved does not fail for want of a report: what goes wrong is said
    /// on standard error.
    /// </summary>
    public static async Task WriteAsync(RunOutput output, int shards, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            // Whoever wrote looks again: a report of some shards that is written late must not stay over that of all.
            int shown = -1, done;
            while ((done = (await output.Store.ListAsync("results/", cancellation)).Count) != shown)
            {
                if (done < shards && (shown >= 0 || !BitOperations.IsPow2(done))) return;
                var records = await RunRecords.ReadAsync(output.Store, cancellation);
                await output.PutTextAsync(BlobName, Page.Of(records, time.GetUtcNow()).Text, cancellation);
                shown = done;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"{output.Store.Uri}/{BlobName} could not be written: {e.Message}");
        }
    }
}
