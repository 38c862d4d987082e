using System.Reflection;
using LightReasoner.Api;
using LightReasoner.Operator.Jobs;

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

    /// <summary>The namespaces that are watched; empty for all.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Runs without <c>output.uri</c> write to <c>prefix/namespace/kind/name</c>.</summary>
    public string? OutputPrefix { get; init; }

    /// <summary>Address at which pods reach the progress endpoint; null for pods that do not report.</summary>
    public Uri? ProgressUrl { get; init; }

    /// <summary>Address of progress and health.</summary>
    public string Listen { get; init; } = DefaultListen;

    /// <summary>Address of the metrics.</summary>
    public string MetricsListen { get; init; } = DefaultMetricsListen;

    /// <summary>Image of runs on CPUs that name none.</summary>
    public string WorkerImage { get; init; } = DefaultWorkerImage;

    /// <summary>Image of runs on GPUs that name none.</summary>
    public string WorkerCudaImage { get; init; } = DefaultWorkerCudaImage;

    /// <summary>Types of volumes that a run may have.</summary>
    public IReadOnlyList<string> AllowedVolumeTypes { get; init; } = RunPolicy.DefaultVolumeTypes;

    /// <summary>Beginnings of images that a run may name; empty for any.</summary>
    public IReadOnlyList<string> AllowedImages { get; init; } = [];

    /// <summary>Service accounts that a run may name; <c>*</c> stands for the rest of a name.</summary>
    public IReadOnlyList<string> AllowedServiceAccounts { get; init; } = ["*"];

    /// <summary>Secrets that a run may name; <c>*</c> stands for the rest of a name.</summary>
    public IReadOnlyList<string> AllowedSecrets { get; init; } = ["*"];

    /// <summary>Whether a run may have tokens of its service account projected into its pods.</summary>
    public bool AllowTokens { get; init; }

    /// <summary>Defaults for <c>spec.worker</c>; what a run sets goes before.</summary>
    public WorkerSpec? WorkerDefaults { get; init; }

    /// <summary>Whether several operators agree on one by a Lease.</summary>
    public bool LeaderElect { get; init; }

    /// <summary>Runs of one kind that are reconciled at once.</summary>
    public int Concurrency { get; init; } = 2;

    /// <summary>Shortest time between two status writes of a run that differ in figures only.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(2);

    public LogFormat LogFormat { get; init; }

    /// <summary>Debug, Information, Warning or Error.</summary>
    public string LogLevel { get; init; } = "Information";

    public const string DefaultListen = "http://*:8080", DefaultMetricsListen = "http://*:8081";

    /// <summary>Version of this program without build metadata, as images are tagged.</summary>
    public static string Version { get; } =
        (typeof(OperatorOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "0.0.0").Split('+')[0];

    public static string DefaultWorkerImage { get; } = $"lightreasoner/worker:{Version}";

    public static string DefaultWorkerCudaImage { get; } = $"lightreasoner/worker:{Version}-cuda";

    /// <summary>The full POST target for reports: an address without a path gets the endpoint's own.</summary>
    public string? ReportTarget => ProgressUrl switch
    {
        null => null,
        { AbsolutePath: "/" or "" } => new Uri(ProgressUrl, Progress.ProgressEndpoint.Path).AbsoluteUri,
        _ => ProgressUrl.AbsoluteUri,
    };
}
