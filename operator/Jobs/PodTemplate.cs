using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Jobs;

/// <summary>
/// The pod of a run: the worker with the document, its references and a way to report, within PodSecurity <em>restricted</em> and without
/// fixed user ids, and without a token for the API server (the projected one is good for progress reports only). Pieces of Kubernetes'
/// own API in the spec are put in as they stand, for the API server to judge.
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

    private const string DefaultGpu = "nvidia.com/gpu";

    private const string EphemeralStorage = "ephemeral-storage", DefaultDisk = "1Gi";

    /// <summary>Most bytes of a scratch folder on the node's disk whose size the run leaves open.</summary>
    private const string DefaultScratch = "100Gi";

    /// <summary>
    /// What a container asks for where the run says nothing of the resource, so that the node's pressure does not meet it first.
    /// </summary>
    private static readonly (string Resource, string Amount)[] DefaultRequests =
        [("cpu", "500m"), ("memory", "1Gi"), (EphemeralStorage, DefaultDisk)];

    /// <summary>Time to write a checkpoint after SIGTERM.</summary>
    private const int GraceSeconds = 120;

    public static JsonObject Build(IRunEntity run, RunOutputs outputs, OperatorOptions options)
    {
        var worker = WorkerDefaults.Apply(run.RunSpec.Worker, options.WorkerDefaults);
        var annotations = With(worker.PodAnnotations, JobTemplate.AnnotationsOf(run));
        annotations[Labels.Document] = RunDocument.ToJson(run);
        var template = ToJson(new V1PodTemplateSpec
        {
            Metadata = new V1ObjectMeta { Labels = With(worker.PodLabels, JobTemplate.LabelsOf(run)), Annotations = annotations },
            Spec = new V1PodSpec
            {
                RestartPolicy = "Never",
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                // Named, since the projected token is issued to the pod's account, and not every API server fills it in.
                ServiceAccountName = worker.ServiceAccountName ?? "default",
                TerminationGracePeriodSeconds = worker.TerminationGracePeriodSeconds ?? GraceSeconds,
                PriorityClassName = worker.PriorityClassName,
                RuntimeClassName = worker.RuntimeClassName,
                NodeSelector = worker.NodeSelector is { Count: > 0 } selector ? With(selector, []) : null,
                ImagePullSecrets = worker.ImagePullSecrets is { Count: > 0 } secrets
                    ? [.. secrets.Select(secret => new V1LocalObjectReference { Name = secret.Name })] : null,
                SecurityContext = new V1PodSecurityContext
                {
                    RunAsNonRoot = true,
                    FsGroup = worker.FsGroup,
                    FsGroupChangePolicy = "OnRootMismatch",
                    SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                },
                Containers = [Container(run, worker, outputs, options)],
                Volumes = Volumes(worker, options),
            },
        });
        JsonObject spec = template["spec"]!.AsObject(), container = spec["containers"]![0]!.AsObject();
        AddEnvironment(container["env"]!.AsArray(), worker.Env ?? []);
        Append(container["volumeMounts"]!.AsArray(), worker.VolumeMounts);
        Append(spec["volumes"]!.AsArray(), worker.Volumes);
        if (worker.Tolerations is { Count: > 0 } tolerations) spec["tolerations"] = Append([], tolerations);
        if (worker.TopologySpreadConstraints is { Count: > 0 } constraints) spec["topologySpreadConstraints"] = Append([], constraints);
        if (worker.Affinity is { } affinity) spec["affinity"] = affinity.DeepClone();
        container["resources"] = Resources(worker);
        return template;
    }

    /// <summary>The image of a new pod: the run's, or the operator's for CPUs or for GPUs.</summary>
    public static string ImageOf(WorkerSpec worker, OperatorOptions options) =>
        worker.Image ?? (worker.Gpus == 0 ? options.WorkerImage : options.WorkerCudaImage);

    private static V1Container Container(IRunEntity run, WorkerSpec worker, RunOutputs outputs, OperatorOptions options) => new()
    {
        Name = ContainerName,
        Image = ImageOf(worker, options),
        ImagePullPolicy = worker.ImagePullPolicy,
        Args = Arguments(run, outputs),
        Env = Environment(options),
        EnvFrom = EnvironmentSecrets(run.RunSpec),
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
        ],
    };

    private static List<V1EnvFromSource>? EnvironmentSecrets(RunSpec spec) =>
        new[] { spec.Storage?.SecretRef, spec.Tracking?.Mlflow?.SecretRef }.OfType<LocalReference>()
            .Select(secret => new V1EnvFromSource { SecretRef = new V1SecretEnvSource { Name = secret.Name } })
            .ToList() is { Count: > 0 } sources ? sources : null;

    private static List<string> Arguments(IRunEntity run, RunOutputs outputs)
    {
        List<string> args = ["run", "-f", $"{DocumentFolder}/{DocumentFile}", "--output", outputs.Own];
        // The Job controller sets this variable in every pod of an Indexed Job; the kubelet expands it.
        if (run.RunKind == RunKind.SamplingRun) args.AddRange(["--shard", "$(JOB_COMPLETION_INDEX)"]);
        foreach (var (reference, uri) in outputs.References.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            args.AddRange(["--ref", $"{reference}={uri}"]);
        return args;
    }

    private static List<V1EnvVar> Environment(OperatorOptions options)
    {
        List<V1EnvVar> own =
        [
            new() { Name = "LIGHTREASONER_ATTEMPT", ValueFrom = Field("metadata.uid") },
            new() { Name = "LIGHTREASONER_TERMINATION_LOG", Value = TerminationLog },
            new() { Name = "TMPDIR", Value = ScratchFolder },
            new() { Name = "HOME", Value = ScratchFolder },
        ];
        if (options.ReportTarget is { } target)
        {
            own.Add(new V1EnvVar { Name = "LIGHTREASONER_PROGRESS_URL", Value = target });
            own.Add(new V1EnvVar { Name = "LIGHTREASONER_PROGRESS_TOKEN_FILE", Value = $"{TokenFolder}/token" });
        }
        return own;
    }

    private static V1EnvVarSource Field(string path) => new() { FieldRef = new V1ObjectFieldSelector { FieldPath = path } };

    /// <summary>A variable that the run sets itself replaces ours.</summary>
    private static void AddEnvironment(JsonArray ours, IReadOnlyList<JsonObject> theirs)
    {
        foreach (var own in ours.ToArray())
            if (theirs.Any(their => JsonNode.DeepEquals(their["name"], own!["name"]))) ours.Remove(own);
        Append(ours, theirs);
    }

    private static JsonObject Resources(WorkerSpec worker)
    {
        JsonObject resources = worker.Resources?.DeepClone().AsObject() ?? [];
        // A form that is not Kubernetes' is for the API server to refuse.
        if (Section("limits") is not { } limits || Section("requests") is not { } requests) return resources;
        if (worker.Gpus > 0)
            limits.TryAdd(worker.GpuResource ?? DefaultGpu, JsonValue.Create(worker.Gpus.ToString(CultureInfo.InvariantCulture)));
        // A pod that fills the node's disk would have others evicted with it.
        if (!limits.ContainsKey(EphemeralStorage) && !requests.ContainsKey(EphemeralStorage)
            && worker.Scratch is not { StorageClassName: not null })
        {
            var size = worker.Scratch?.SizeLimit ?? DefaultScratch;
            limits[EphemeralStorage] = size;
            var small = new ResourceQuantity(size).ToDecimal() < new ResourceQuantity(DefaultDisk).ToDecimal();
            requests[EphemeralStorage] = small ? size : DefaultDisk;
        }
        foreach (var (resource, amount) in DefaultRequests)
            if (!limits.ContainsKey(resource)) requests.TryAdd(resource, amount);
        return resources;

        JsonObject? Section(string name)
        {
            if (resources[name] is null) resources[name] = new JsonObject();
            return resources[name] as JsonObject;
        }
    }

    private static List<V1Volume> Volumes(WorkerSpec worker, OperatorOptions options) =>
    [
        new()
        {
            Name = "document",
            DownwardAPI = new V1DownwardAPIVolumeSource
            {
                Items = [new V1DownwardAPIVolumeFile
                {
                    Path = DocumentFile,
                    FieldRef = new V1ObjectFieldSelector { FieldPath = $"metadata.annotations['{Labels.Document}']" },
                }],
            },
        },
        Scratch(worker.Scratch),
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
    ];

    private static V1Volume Scratch(ScratchSpec? scratch) => scratch?.StorageClassName is null
        ? new V1Volume
        {
            Name = "scratch",
            EmptyDir = new V1EmptyDirVolumeSource { SizeLimit = new ResourceQuantity(scratch?.SizeLimit ?? DefaultScratch) },
        }
        : new V1Volume
        {
            Name = "scratch",
            Ephemeral = new V1EphemeralVolumeSource
            {
                VolumeClaimTemplate = new V1PersistentVolumeClaimTemplate
                {
                    Spec = new V1PersistentVolumeClaimSpec
                    {
                        AccessModes = ["ReadWriteOnce"],
                        StorageClassName = scratch.StorageClassName,
                        Resources = new V1VolumeResourceRequirements
                        {
                            Requests = new Dictionary<string, ResourceQuantity> { ["storage"] = new(scratch.SizeLimit!) },
                        },
                    },
                },
            },
        };

    private static JsonArray Append(JsonArray list, IReadOnlyList<JsonObject>? fragments)
    {
        foreach (var fragment in fragments ?? []) list.Add(fragment.DeepClone());
        return list;
    }

    private static JsonObject ToJson(V1PodTemplateSpec template) => JsonNode.Parse(KubernetesJson.Serialize(template))!.AsObject();

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string>? theirs, Dictionary<string, string> ours)
    {
        var merged = new Dictionary<string, string>(theirs ?? new Dictionary<string, string>());
        foreach (var (key, value) in ours) merged[key] = value;
        return merged;
    }
}
