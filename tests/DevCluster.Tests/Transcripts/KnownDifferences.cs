namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>The recorded cases that are known not to be answered as recorded, and why. devcluster/README.md lists them too.</summary>
internal static class KnownDifferences
{
    public static readonly Dictionary<string, string> Reasons = new()
    {
        ["disc-apis-aggregated"] = "lists CronJobs, which are not served",
    };
}
