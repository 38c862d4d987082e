using System.Globalization;

namespace LightReasoner.DevCluster.Node;

/// <summary>The machine's resources as Kubernetes quantities.</summary>
internal static class Machine
{
    public static Dictionary<string, string> Capacity(NodeOptions options)
    {
        var capacity = new Dictionary<string, string>
        {
            ["cpu"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
            ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki",
            ["ephemeral-storage"] = $"{DiskBytes(options.DataDirectory) / 1024}Ki",
            ["pods"] = options.MaxPods.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (resource, amount) in options.Resources) capacity[resource] = amount;
        return capacity;
    }

    /// <summary>Size of the disk that the pods' folders lie on.</summary>
    private static long DiskBytes(string folder) => new DriveInfo(Directory.CreateDirectory(folder).FullName).TotalSize;
}
