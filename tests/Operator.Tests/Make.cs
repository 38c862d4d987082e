using System.Text.Json;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Progress;

namespace LightReasoner.Operator.Tests;

/// <summary>Objects as an API server would hold them.</summary>
internal static class Make
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly OperatorOptions Options = new()
    {
        OutputPrefix = "az://runs",
        ProgressUrl = new Uri("http://operator.lightreasoner:8080"),
        WorkerImage = "registry.example/worker:1",
        WorkerCudaImage = "registry.example/worker:1-cuda",
    };

    public static SamplingRunEntity Sampling(string name = "s", Func<SamplingRunSpec, SamplingRunSpec>? change = null,
        SamplingRunStatus? status = null)
    {
        var spec = new SamplingRunSpec
        {
            Expert = new ModelSource { Uri = "hf://org/expert" },
            Amateur = new ModelSource { Uri = "hf://org/amateur" },
            Dataset = new DatasetSource { Uri = "az://data/q.jsonl" },
        };
        return new SamplingRunEntity
        {
            ApiVersion = ApiGroup.ApiVersion,
            Kind = "SamplingRun",
            Metadata = Meta(name),
            Spec = change?.Invoke(spec) ?? spec,
            Status = status ?? new()
        };
    }

    public static FineTuneRunEntity FineTune(string name = "f", Func<FineTuneRunSpec, FineTuneRunSpec>? change = null,
        FineTuneRunStatus? status = null)
    {
        var spec = new FineTuneRunSpec
        {
            Model = new ModelSource { Uri = "hf://org/expert" },
            Samples = new DatasetSource { RunRef = new RunReference { Kind = RunKind.SamplingRun, Name = "s" } },
        };
        return new FineTuneRunEntity
        {
            ApiVersion = ApiGroup.ApiVersion,
            Kind = "FineTuneRun",
            Metadata = Meta(name),
            Spec = change?.Invoke(spec) ?? spec,
            Status = status ?? new()
        };
    }

    public static RefineRunEntity Refine(string name = "r", Func<RefineRunSpec, RefineRunSpec>? change = null)
    {
        var spec = new RefineRunSpec
        {
            Model = new ModelSource { Uri = "hf://org/model" },
            Dataset = new DatasetSource { Uri = "az://data/r.parquet" }
        };
        return new RefineRunEntity
        {
            ApiVersion = ApiGroup.ApiVersion,
            Kind = "RefineRun",
            Metadata = Meta(name),
            Spec = change?.Invoke(spec) ?? spec,
            Status = new()
        };
    }

    public static V1ObjectMeta Meta(string name) => new()
    {
        Name = name,
        NamespaceProperty = "team",
        Uid = $"uid-{name}",
        Generation = 3,
        ResourceVersion = "7",
        CreationTimestamp = Now.AddHours(-1).UtcDateTime,
    };

    /// <summary>The Job that the operator would have made, as the Job controller leaves it at some time.</summary>
    public static V1Job Job(IRunEntity run, Action<V1JobStatus>? status = null, bool started = true,
        Dictionary<string, string>? references = null, OperatorOptions? options = null)
    {
        var job = KubernetesJson.Deserialize<V1Job>(JobTemplate.Build(run, new RunOutputs("az://runs/team/x", references ?? []), options
            ?? Options).ToJsonString());
        job.Metadata.Uid = "job-uid";
        job.Metadata.Annotations[Labels.Image] = job.Spec.Template.Spec.Containers[0].Image;
        job.Status = new V1JobStatus { StartTime = started ? Now.AddMinutes(-10).UtcDateTime : null };
        status?.Invoke(job.Status);
        return job;
    }

    public static V1Pod Pod(IRunEntity run, int shard = 0, string phase = "Running", string name = "pod", string jobUid = "job-uid",
        Action<V1PodStatus>? status = null)
    {
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{name}-{shard}",
                NamespaceProperty = "team",
                Uid = $"{name}-{shard}-uid",
                CreationTimestamp = Now.AddMinutes(-9).UtcDateTime,
                Labels = new Dictionary<string, string> { [Labels.RunUid] = run.Metadata.Uid },
                Annotations = new Dictionary<string, string>
                {
                    [Labels.CompletionIndex] =
                    shard.ToString(System.Globalization.CultureInfo.InvariantCulture)
                },
                OwnerReferences = [new V1OwnerReference { ApiVersion = "batch/v1", Kind = "Job", Name = "job",
                    Uid = jobUid, Controller = true }],
            },
            Status = new V1PodStatus { Phase = phase },
        };
        status?.Invoke(pod.Status);
        return pod;
    }

    public static V1Pod EndedPod(IRunEntity run, int exitCode, string? message, int shard = 0, string name = "pod",
        string? reason = null) =>
        Pod(run, shard, exitCode == 0 ? "Succeeded" : "Failed", name, status: s => s.ContainerStatuses =
        [
            new V1ContainerStatus
            {
                Name = PodTemplate.ContainerName,
                State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, Message = message,
                    Reason = reason, FinishedAt = Now.AddMinutes(-1).UtcDateTime } },
            },
        ]);

    public static Action<V1PodStatus> WaitsBecause(string reason, string message) => status => status.ContainerStatuses =
        [new V1ContainerStatus { Name = PodTemplate.ContainerName, Image = "img:1",
            State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message } } }];

    public static V1JobCondition Condition(string type, string? reason = null, string? message = null) =>
        new() { Type = type, Status = "True", Reason = reason, Message = message };

    public static ProgressReport Report(int shard, long done, long total, long sequence = 1, string attempt = "a",
        ReportOutcome outcome = ReportOutcome.Running) => new()
        {
            Kind = RunKind.SamplingRun,
            Namespace = "team",
            Name = "s",
            Shard = shard,
            Attempt = attempt,
            Sequence = sequence,
            Outcome = outcome,
            Unit = "prompts",
            Done = done,
            Total = total,
            RatePerSecond = 2,
            Sampling = new SamplingMetrics
            {
                PromptsDone = done,
                StepsSeen = done * 10,
                SamplesKept = done * 2,
                MeanKl = 1 + shard,
                TokensPerSecond = 100
            },
        };

    public static string Json(ProgressReport report) => JsonSerializer.Serialize(report, ApiJson.Options);

    public static ShardProgress Progress(ProgressReport report) => ShardProgress.Add(null, report, Now);
}
