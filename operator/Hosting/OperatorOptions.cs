using System.Reflection;
using LightReasoner.Api;

namespace LightReasoner.Operator.Hosting;

/// <summary>How log lines are written to the console.</summary>
internal enum LogFormat
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>What the operator is told at its start.</summary>
internal sealed record OperatorOptions
{
    /// <summary>Kubeconfig file; null for the in-cluster service account or the default file.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>The one namespace that is watched; null for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>Runs without <c>output.uri</c> write to <c>prefix/namespace/name</c>.</summary>
    public string? OutputPrefix { get; init; }

    /// <summary>Address at which pods reach the progress endpoint; null for pods that do not report.</summary>
    public Uri? ProgressUrl { get; init; }

    /// <summary>Address of progress, health and metrics.</summary>
    public string Listen { get; init; } = DefaultListen;

    /// <summary>Image of runs that name none.</summary>
    public string WorkerImage { get; init; } = DefaultWorkerImage;

    /// <summary>Defaults for <c>spec.worker</c>; what a run sets goes before.</summary>
    public WorkerSpec? WorkerDefaults { get; init; }

    /// <summary>Whether several operators agree on one by a Lease.</summary>
    public bool LeaderElect { get; init; }

    /// <summary>Runs of one kind that are reconciled at once.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Shortest time between two status writes of a run that differ in figures only.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(2);

    public LogFormat LogFormat { get; init; }

    /// <summary>Debug, Information, Warning or Error.</summary>
    public string LogLevel { get; init; } = "Information";

    public const string DefaultListen = "http://0.0.0.0:8080";

    /// <summary>Version of this program without build metadata, as images are tagged.</summary>
    public static string Version { get; } =
        (typeof(OperatorOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];

    public static string DefaultWorkerImage { get; } = $"lightreasoner/worker:{Version}";

    /// <summary>The full POST target for reports: an address without a path gets the endpoint's own.</summary>
    public string? ReportTarget => ProgressUrl switch
    {
        null => null,
        { AbsolutePath: "/" or "" } => new Uri(ProgressUrl, Progress.ProgressEndpoint.Path).AbsoluteUri,
        _ => ProgressUrl.AbsoluteUri,
    };
}
