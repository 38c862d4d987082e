namespace LightReasoner.DevCluster.Node;

/// <summary>How a process node is set up.</summary>
internal sealed record NodeOptions
{
    /// <summary>Kubeconfig of the API server that the node belongs to.</summary>
    public required string Kubeconfig { get; init; }

    /// <summary>Folder for volumes, logs and process ids of the node's Pods. Only one node may use it at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The Node object's name.</summary>
    public string Name { get; init; } = "node-1";

    /// <summary>
    /// Image name → command line that stands for its entry point. A name without a tag stands for all tags; an empty command is an
    /// image without an entry point, for containers that name their command themselves.
    /// </summary>
    public IReadOnlyDictionary<string, string> Images { get; init; } = new Dictionary<string, string>();

    /// <summary>Working directory of containers that name none, as an image would set it; null: an empty folder each.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>How many Pods may run at a time.</summary>
    public int MaxPods { get; init; } = 110;

    /// <summary>How long containers may take to end when the node is shut down.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromSeconds(5);

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
