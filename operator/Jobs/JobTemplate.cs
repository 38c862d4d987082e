using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Jobs;

/// <summary>The Job that does a run's work: the one object that a run becomes.</summary>
internal static class JobTemplate
{
    /// <summary>sysexits(3): the worker says that trying again cannot help.</summary>
    private const int FirstFinalExitCode = 64, LastFinalExitCode = 78;

    public static JsonObject Build(IRunEntity run, RunOutputs outputs, OperatorOptions options)
    {
        var spec = run.RunSpec;
        var queue = RunMarks.Queue(run);
        Dictionary<string, string> labels = LabelsOf(run), annotations = AnnotationsOf(run);
        foreach (var (key, value) in RunMarks.Kueue(run.Metadata)) labels[key] = value;
        if (queue.Length > 0) labels[Labels.Queue] = queue;
        annotations[Labels.SpecHash] = SpecHash.Of(run);
        annotations[Labels.Extent] = RunExtent.Of(spec);
        annotations[Labels.Restarts] = (run.RunStatus.Restarts ?? 0).ToString(CultureInfo.InvariantCulture);
        annotations[Labels.Parallelism] = ParallelismOf(spec).ToString(CultureInfo.InvariantCulture);
        int failed = run.RunStatus.Retries ?? 0, failedOfShard = run.RunStatus.Shards?.Retries ?? 0;
        annotations[Labels.RetriesBefore] = failed.ToString(CultureInfo.InvariantCulture);
        annotations[Labels.ShardRetriesBefore] = failedOfShard.ToString(CultureInfo.InvariantCulture);
        if (outputs.References.Count > 0)
            annotations[Labels.References] = JsonSerializer.Serialize(
                new SortedDictionary<string, string>(outputs.References.ToDictionary(), StringComparer.Ordinal), ApiJson.Options);

        var indexed = run.RunKind == RunKind.SamplingRun;
        // A limit for each shard only where there are several: in a namespace that is being deleted, the Job controller waits for
        // replacements of the pods of such a Job, which nobody may make any more.
        var perIndex = indexed && ShardsOf(spec) > 1;
        var job = JsonNode.Parse(KubernetesJson.Serialize(new V1Job
        {
            ApiVersion = "batch/v1",
            Kind = "Job",
            Metadata = new V1ObjectMeta
            {
                Name = JobNames.Of(RunKey.Of(run)),
                NamespaceProperty = run.Metadata.NamespaceProperty,
                Labels = labels,
                Annotations = annotations,
                OwnerReferences = [Owner(run)],
            },
            Spec = new V1JobSpec
            {
                CompletionMode = indexed ? "Indexed" : "NonIndexed",
                Completions = indexed ? ShardsOf(spec) : 1,
                Parallelism = ParallelismOf(spec),
                BackoffLimit = perIndex ? null : Math.Max(0, spec.Retries - failed),
                BackoffLimitPerIndex = perIndex ? Math.Max(0, spec.Retries - failedOfShard) : null,
                // Attempts never overlap: no replacement before the old pod is gone.
                PodReplacementPolicy = "Failed",
                PodFailurePolicy = FailurePolicy(),
                Suspend = queue.Length > 0 || spec.Suspend,
                Template = new V1PodTemplateSpec(),
            },
        }))!.AsObject();
        job["spec"]!["template"] = PodTemplate.Build(run, outputs, options);
        return job;
    }

    public static int ShardsOf(RunSpec spec) => spec is SamplingRunSpec sampling ? sampling.Shards : 1;

    public static int ParallelismOf(RunSpec spec) => spec is SamplingRunSpec sampling ? sampling.Parallelism ?? sampling.Shards : 1;

    public static V1OwnerReference Owner(IRunEntity run) => new()
    {
        ApiVersion = ApiGroup.ApiVersion,
        Kind = run.RunKind.ToString(),
        Name = run.Metadata.Name,
        Uid = run.Metadata.Uid,
        Controller = true,
        BlockOwnerDeletion = true,
    };

    public static Dictionary<string, string> LabelsOf(IRunEntity run)
    {
        var labels = new Dictionary<string, string>
        {
            ["app.kubernetes.io/name"] = "lightreasoner",
            ["app.kubernetes.io/component"] = "worker",
            ["app.kubernetes.io/managed-by"] = "lightreasoner-operator",
            [Labels.RunUid] = run.Metadata.Uid,
            [Labels.Kind] = run.RunKind.ToString(),
        };
        if (run.Metadata.Name.Length <= Labels.MaxValueLength) labels[Labels.Run] = run.Metadata.Name;
        return labels;
    }

    public static Dictionary<string, string> AnnotationsOf(IRunEntity run) => new()
    {
        [Labels.Kind] = run.RunKind.ToString(),
        [Labels.Run] = run.Metadata.Name,
    };

    /// <summary>
    /// Rules are tried in order, the first that matches a failed pod decides; what none matches counts against the retries. Disruption
    /// goes first: a worker that is told to stop may end with any exit code.
    /// </summary>
    private static V1PodFailurePolicy FailurePolicy() => new()
    {
        Rules =
        [
            new V1PodFailurePolicyRule
            {
                // Preemption, drain, eviction, a lost node.
                Action = "Ignore",
                OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }],
            },
            new V1PodFailurePolicyRule
            {
                Action = "FailJob",
                OnExitCodes = new V1PodFailurePolicyOnExitCodesRequirement
                {
                    ContainerName = PodTemplate.ContainerName,
                    OperatorProperty = "In",
                    Values = [.. Enumerable.Range(FirstFinalExitCode, LastFinalExitCode - FirstFinalExitCode + 1)],
                },
            },
        ],
    };
}
