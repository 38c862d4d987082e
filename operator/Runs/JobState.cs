using System.Globalization;
using System.Text.Json;
using k8s.Models;
using LightReasoner.Operator.Jobs;

namespace LightReasoner.Operator.Runs;

/// <summary>What a Job's status says, in the words of this program.</summary>
internal static class JobState
{
    /// <summary>The condition that ended the Job for good (no pod of it runs any more), or null.</summary>
    public static V1JobCondition? Ended(this V1Job job) =>
        job.Status?.Conditions?.FirstOrDefault(c => c is { Type: "Complete" or "Failed", Status: "True" });

    /// <summary>The Job will fail, once its last pods have stopped.</summary>
    public static V1JobCondition? Failing(this V1Job job) =>
        job.Status?.Conditions?.FirstOrDefault(c => c is { Type: "FailureTarget", Status: "True" });

    public static bool IsSuspended(this V1Job job) => job.Spec.Suspend == true;

    public static DateTimeOffset? StartedAt(this V1Job job) => Time(job.Status?.StartTime);

    public static string? Annotation(this V1Job job, string key) =>
        job.Metadata.Annotations?.TryGetValue(key, out string? value) == true ? value : null;

    /// <summary>
    /// Failed attempts of the run before this Job and in it that another attempt followed or follows: not the one that the Job fails for.
    /// </summary>
    public static int Retries(this V1Job job)
    {
        var last = job.Failing() is null && job.Ended()?.Type != "Failed" ? 0
            : job.Spec.CompletionMode == "Indexed" ? Math.Max(1, CountIndexes(job.Status?.FailedIndexes)) : 1;
        return job.Number(Labels.RetriesBefore) + Math.Max(0, (job.Status?.Failed ?? 0) - last);
    }

    /// <summary>A number that an annotation holds; 0 where there is none.</summary>
    public static int Number(this V1Job job, string key) =>
        int.TryParse(job.Annotation(key), CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>
    /// Where the outputs of referenced runs lie, as it was resolved when the Job was made; null for a Job that says nothing of it.
    /// </summary>
    public static IReadOnlyDictionary<string, string>? References(this V1Job job)
    {
        try
        {
            return job.Annotation(Labels.References) is { } json ? JsonSerializer.Deserialize<Dictionary<string, string>>(json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static DateTimeOffset? Time(DateTime? time) =>
        time is { } value ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)) : null;

    /// <summary>Size of a set of indexes in the Job's form, <c>1,3-5,7</c>.</summary>
    public static int CountIndexes(string? intervals) => Indexes(intervals).Sum(range => range.Last - range.First + 1);

    public static bool ContainsIndex(string? intervals, int index) =>
        Indexes(intervals).Any(range => range.First <= index && index <= range.Last);

    private static IEnumerable<(int First, int Last)> Indexes(string? intervals)
    {
        foreach (var part in (intervals ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (int.TryParse(ends[0], CultureInfo.InvariantCulture, out var first)
                && int.TryParse(ends[^1], CultureInfo.InvariantCulture, out var last))
                yield return (first, last);
        }
    }
}
