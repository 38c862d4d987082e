using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Jobs;

/// <summary>The Job that does a run's work.</summary>
internal static class JobTemplate
{
    /// <summary>sysexits(3): the worker says that trying again cannot help.</summary>
    private const int FirstFinalExitCode = 64, LastFinalExitCode = 78;

    /// <exception cref="FragmentException">A piece of Kubernetes' own API in the spec does not have Kubernetes' form.</exception>
    public static V1Job Build(IRunEntity run, RunOutputs outputs, OperatorOptions options)
    {
        RunSpec spec = run.RunSpec;
        bool queued = spec.QueueName.Length > 0;
        V1PodTemplateSpec template = PodTemplate.Build(run, outputs, options);
        Dictionary<string, string> labels = LabelsOf(run), annotations = AnnotationsOf(run);
        if (queued) labels[Labels.Queue] = spec.QueueName;
        annotations[Labels.TemplateHash] = Hash(spec, template);
        annotations[Labels.Parallelism] = ParallelismOf(spec).ToString(CultureInfo.InvariantCulture);

        bool indexed = run.RunKind == RunKind.SamplingRun;
        return new V1Job
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
                BackoffLimit = indexed ? null : spec.Retries,
                BackoffLimitPerIndex = indexed ? spec.Retries : null,
                // Attempts never overlap: no replacement before the old pod is gone.
                PodReplacementPolicy = "Failed",
                PodFailurePolicy = FailurePolicy(),
                ActiveDeadlineSeconds = spec.ActiveDeadlineSeconds,
                Suspend = queued || spec.Suspend,
                Template = template,
            },
        };
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

    /// <summary>Rules are tried in order, the first that matches a failed pod decides; what none matches counts against the retries.</summary>
    private static V1PodFailurePolicy FailurePolicy() => new()
    {
        Rules =
        [
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
            new V1PodFailurePolicyRule
            {
                // Preemption, drain, eviction.
                Action = "Ignore",
                OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }],
            },
        ],
    };

    /// <summary>Of all that cannot be changed on a Job that exists.</summary>
    private static string Hash(RunSpec spec, V1PodTemplateSpec template)
    {
        string text = $"{KubernetesJson.Serialize(template)}|{ShardsOf(spec)}|{spec.Retries}|{spec.ActiveDeadlineSeconds}|{spec.QueueName}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
