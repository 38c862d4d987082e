using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Jobs;

/// <summary>
/// The pod of a run: the worker with the document, its references and a way to report, within PodSecurity <em>restricted</em>, and
/// without a token for the API server (the projected one is good for progress reports only).
/// </summary>
internal static class PodTemplate
{
    public const string ContainerName = "worker";
    public const string DocumentFolder = "/etc/lightreasoner";
    public const string DocumentFile = "run.json";
    public const string TokenFolder = "/var/run/secrets/lightreasoner";
    public const string TerminationLog = "/dev/termination-log";

    /// <summary>The one writable place besides the run's own volumes; TMPDIR and HOME point there.</summary>
    public const string ScratchFolder = "/var/lightreasoner/scratch";

    /// <summary>User of the worker's image.</summary>
    private const long User = 65532;

    /// <summary>Time to write a checkpoint after SIGTERM.</summary>
    private const long GraceSeconds = 120;

    public static V1PodTemplateSpec Build(IRunEntity run, RunOutputs outputs, OperatorOptions options)
    {
        WorkerSpec worker = WorkerDefaults.Apply(run.RunSpec.Worker, options.WorkerDefaults);
        return new V1PodTemplateSpec
        {
            Metadata = new V1ObjectMeta
            {
                Labels = With(worker.PodLabels, JobTemplate.LabelsOf(run)),
                Annotations = With(worker.PodAnnotations, JobTemplate.AnnotationsOf(run)),
            },
            Spec = new V1PodSpec
            {
                RestartPolicy = "Never",
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                // Named, since the projected token is issued to the pod's account, and not every API server fills it in.
                ServiceAccountName = worker.ServiceAccountName ?? "default",
                TerminationGracePeriodSeconds = GraceSeconds,
                PriorityClassName = worker.PriorityClassName,
                RuntimeClassName = worker.RuntimeClassName,
                NodeSelector = worker.NodeSelector is { Count: > 0 } selector ? With(selector, []) : null,
                Tolerations = NullIfEmpty(Fragment.ReadList<V1Toleration>(worker.Tolerations, "spec.worker.tolerations")),
                Affinity = Fragment.Read<V1Affinity>(worker.Affinity, "spec.worker.affinity"),
                ImagePullSecrets = NullIfEmpty([.. (worker.ImagePullSecrets ?? []).Select(secret => new V1LocalObjectReference { Name = secret.Name })]),
                SecurityContext = new V1PodSecurityContext
                {
                    RunAsNonRoot = true,
                    RunAsUser = User,
                    RunAsGroup = User,
                    FsGroup = User,
                    SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                },
                Containers = [Container(run, worker, outputs, options)],
                Volumes = Volumes(run, worker, options),
            },
        };
    }

    private static V1Container Container(IRunEntity run, WorkerSpec worker, RunOutputs outputs, OperatorOptions options) => new()
    {
        Name = ContainerName,
        Image = worker.Image ?? options.WorkerImage,
        ImagePullPolicy = worker.ImagePullPolicy,
        Args = Arguments(run, outputs),
        Env = Environment(worker, options),
        EnvFrom = run.RunSpec.Storage?.SecretRef is { } secret
            ? [new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = secret.Name } }]
            : null,
        Resources = Resources(worker),
        TerminationMessagePath = TerminationLog,
        TerminationMessagePolicy = "FallbackToLogsOnError",
        SecurityContext = new V1SecurityContext
        {
            AllowPrivilegeEscalation = false,
            ReadOnlyRootFilesystem = true,
            Capabilities = new V1Capabilities { Drop = ["ALL"] },
        },
        VolumeMounts =
        [
            new V1VolumeMount { Name = "document", MountPath = DocumentFolder, ReadOnlyProperty = true },
            new V1VolumeMount { Name = "scratch", MountPath = ScratchFolder },
            .. options.ReportTarget is null
                ? Array.Empty<V1VolumeMount>()
                : [new V1VolumeMount { Name = "progress-token", MountPath = TokenFolder, ReadOnlyProperty = true }],
            .. Fragment.ReadList<V1VolumeMount>(worker.VolumeMounts, "spec.worker.volumeMounts"),
        ],
    };

    private static List<string> Arguments(IRunEntity run, RunOutputs outputs)
    {
        List<string> args = ["run", "-f", $"{DocumentFolder}/{DocumentFile}", "--output", outputs.Own];
        // The Job controller sets this variable in every pod of an Indexed Job; the kubelet expands it.
        if (run.RunKind == RunKind.SamplingRun) args.AddRange(["--shard", "$(JOB_COMPLETION_INDEX)"]);
        foreach ((string reference, string uri) in outputs.References.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            args.AddRange(["--ref", $"{reference}={uri}"]);
        return args;
    }

    /// <summary>Ours first; a variable that the run sets itself replaces ours.</summary>
    private static List<V1EnvVar> Environment(WorkerSpec worker, OperatorOptions options)
    {
        List<V1EnvVar> own =
        [
            new() { Name = "LIGHTREASONER_ATTEMPT", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.uid" } } },
            new() { Name = "LIGHTREASONER_TERMINATION_LOG", Value = TerminationLog },
            new() { Name = "TMPDIR", Value = ScratchFolder },
            new() { Name = "HOME", Value = ScratchFolder },
        ];
        if (options.ReportTarget is { } target)
        {
            own.Add(new V1EnvVar { Name = "LIGHTREASONER_PROGRESS_URL", Value = target });
            own.Add(new V1EnvVar { Name = "LIGHTREASONER_PROGRESS_TOKEN_FILE", Value = $"{TokenFolder}/token" });
        }
        List<V1EnvVar> theirs = Fragment.ReadList<V1EnvVar>(worker.Env, "spec.worker.env");
        return [.. own.Where(ours => theirs.All(their => their.Name != ours.Name)), .. theirs];
    }

    private static V1ResourceRequirements? Resources(WorkerSpec worker)
    {
        const string gpu = "nvidia.com/gpu";
        V1ResourceRequirements? resources = Fragment.Read<V1ResourceRequirements>(worker.Resources, "spec.worker.resources");
        if (worker.Gpus == 0 || resources?.Limits?.ContainsKey(gpu) == true) return resources;
        resources ??= new V1ResourceRequirements();
        resources.Limits ??= new Dictionary<string, ResourceQuantity>();
        resources.Limits[gpu] = new ResourceQuantity(worker.Gpus.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return resources;
    }

    private static List<V1Volume> Volumes(IRunEntity run, WorkerSpec worker, OperatorOptions options) =>
    [
        new()
        {
            Name = "document",
            ConfigMap = new V1ConfigMapVolumeSource
            {
                Name = JobNames.Of(RunKey.Of(run)),
                Items = [new V1KeyToPath { Key = DocumentFile, Path = DocumentFile }],
            },
        },
        new() { Name = "scratch", EmptyDir = new V1EmptyDirVolumeSource() },
        .. options.ReportTarget is null
            ? Array.Empty<V1Volume>()
            :
            [
                new V1Volume
                {
                    Name = "progress-token",
                    Projected = new V1ProjectedVolumeSource
                    {
                        Sources =
                        [
                            new V1VolumeProjection
                            {
                                ServiceAccountToken = new V1ServiceAccountTokenProjection
                                {
                                    Audience = ApiGroup.ProgressAudience,
                                    ExpirationSeconds = 3600,
                                    Path = "token",
                                },
                            },
                        ],
                    },
                },
            ],
        .. Fragment.ReadList<V1Volume>(worker.Volumes, "spec.worker.volumes"),
    ];

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string>? theirs, Dictionary<string, string> ours)
    {
        var merged = new Dictionary<string, string>(theirs ?? new Dictionary<string, string>());
        foreach ((string key, string value) in ours) merged[key] = value;
        return merged;
    }

    private static List<T>? NullIfEmpty<T>(List<T> list) => list.Count == 0 ? null : list;
}
