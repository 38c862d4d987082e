using System.Text.Json.Nodes;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Tests.Decisions;

public sealed class JobTemplateTests
{
    [Fact]
    public void Sampling_IsIndexedWithRetriesPerIndex()
    {
        V1JobSpec spec = Build(Make.Sampling(change: s => s with { Shards = 5, Parallelism = 2, Retries = 4, ActiveDeadlineSeconds = 99 })).Spec;

        Assert.Equal(("Indexed", 5, 2, 4), (spec.CompletionMode, spec.Completions, spec.Parallelism, spec.BackoffLimitPerIndex));
        Assert.Null(spec.BackoffLimit);
        Assert.Equal(("Failed", 99L), (spec.PodReplacementPolicy, spec.ActiveDeadlineSeconds));
        Assert.Equal(["--shard", "$(JOB_COMPLETION_INDEX)"], spec.Template.Spec.Containers[0].Args.Skip(5));
    }

    [Fact]
    public void Training_IsOnePodWithRetries()
    {
        V1JobSpec spec = Build(Make.FineTune(change: s => s with { Retries = 2 })).Spec;
        Assert.Equal(("NonIndexed", 1, 1, 2), (spec.CompletionMode, spec.Completions, spec.Parallelism, spec.BackoffLimit));
        Assert.Null(spec.BackoffLimitPerIndex);
    }

    [Fact]
    public void FailurePolicy_FinalExitCodesFail_DisruptionIsIgnored()
    {
        IList<V1PodFailurePolicyRule> rules = Build(Make.Sampling()).Spec.PodFailurePolicy.Rules;
        Assert.Equal(("FailJob", "worker", "In"), (rules[0].Action, rules[0].OnExitCodes.ContainerName, rules[0].OnExitCodes.OperatorProperty));
        Assert.Equal(Enumerable.Range(64, 15), rules[0].OnExitCodes.Values);
        Assert.Equal(("Ignore", "DisruptionTarget"), (rules[1].Action, rules[1].OnPodConditions[0].Type));
    }

    /// <summary>The checks of https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted.</summary>
    [Fact]
    public void Pod_MeetsTheRestrictedStandard_AndHoldsNoApiToken()
    {
        V1PodSpec pod = Build(Make.Sampling()).Spec.Template.Spec;
        V1SecurityContext container = Assert.Single(pod.Containers).SecurityContext;

        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.NotEqual(0, pod.SecurityContext.RunAsUser);
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
        Assert.False(container.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.Capabilities.Drop);
        Assert.True(container.ReadOnlyRootFilesystem);
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.All(pod.Volumes, volume => Assert.True(volume.ConfigMap is not null || volume.EmptyDir is not null || volume.Projected is not null));
        Assert.Equal(ApiGroup.ProgressAudience, pod.Volumes.Single(v => v.Projected is not null).Projected.Sources[0].ServiceAccountToken.Audience);
    }

    [Fact]
    public void Environment_TellsTheWorkerWhereToReport()
    {
        Dictionary<string, V1EnvVar> env = Build(Make.Sampling()).Spec.Template.Spec.Containers[0].Env.ToDictionary(e => e.Name);
        Assert.Equal("http://operator.lightreasoner:8080/v1/progress", env["LIGHTREASONER_PROGRESS_URL"].Value);
        Assert.Equal("/var/run/secrets/lightreasoner/token", env["LIGHTREASONER_PROGRESS_TOKEN_FILE"].Value);
        Assert.Equal("metadata.uid", env["LIGHTREASONER_ATTEMPT"].ValueFrom.FieldRef.FieldPath);
        Assert.Equal("/dev/termination-log", env["LIGHTREASONER_TERMINATION_LOG"].Value);
    }

    [Fact]
    public void WithoutProgressUrl_NoTokenIsMounted()
    {
        V1PodSpec pod = Build(Make.Sampling(), Make.Options with { ProgressUrl = null }).Spec.Template.Spec;
        Assert.DoesNotContain(pod.Volumes, v => v.Projected is not null);
        Assert.DoesNotContain(pod.Containers[0].Env, e => e.Name.StartsWith("LIGHTREASONER_PROGRESS", StringComparison.Ordinal));
    }

    [Fact]
    public void Worker_IsPassedThrough()
    {
        V1PodSpec pod = Build(Make.Sampling(change: s => s with
        {
            Storage = new StorageSpec { SecretRef = new LocalReference { Name = "blob-credentials" } },
            Worker = new WorkerSpec
            {
                Image = "mine:1",
                ImagePullPolicy = "Always",
                ImagePullSecrets = [new LocalReference { Name = "pull" }],
                Gpus = 2,
                Resources = Parse("""{"requests":{"cpu":"4","memory":"32Gi"},"limits":{"memory":"32Gi"}}"""),
                NodeSelector = new Dictionary<string, string> { ["gpu"] = "h200" },
                Tolerations = [Parse("""{"key":"gpu","operator":"Exists","effect":"NoSchedule"}""")],
                Affinity = Parse("""{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"zone","operator":"In","values":["a"]}]}]}}}"""),
                PriorityClassName = "low",
                RuntimeClassName = "nvidia",
                ServiceAccountName = "azure",
                Env = [Parse("""{"name":"LIGHTREASONER_THREADS","value":"3"}"""), Parse("""{"name":"HOME","value":"/data"}""")],
                Volumes = [Parse("""{"name":"cache","persistentVolumeClaim":{"claimName":"models"}}""")],
                VolumeMounts = [Parse("""{"name":"cache","mountPath":"/data"}""")],
                PodLabels = new Dictionary<string, string> { ["team"] = "blue" },
                PodAnnotations = new Dictionary<string, string> { ["note"] = "x" },
            },
        })).Spec.Template.Spec;

        V1Container container = pod.Containers[0];
        Assert.Equal(("mine:1", "Always", "pull"), (container.Image, container.ImagePullPolicy, pod.ImagePullSecrets[0].Name));
        Assert.Equal(("2", "32Gi", "4"), (container.Resources.Limits["nvidia.com/gpu"].ToString(), container.Resources.Limits["memory"].ToString(), container.Resources.Requests["cpu"].ToString()));
        Assert.Equal(("h200", "gpu", "zone"), (pod.NodeSelector["gpu"], pod.Tolerations[0].Key,
            pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions[0].Key));
        Assert.Equal(("low", "nvidia", "azure", "blob-credentials"), (pod.PriorityClassName, pod.RuntimeClassName, pod.ServiceAccountName, container.EnvFrom[0].SecretRef.Name));
        Assert.Equal(["/data"], container.Env.Where(e => e.Name == "HOME").Select(e => e.Value));
        Assert.Contains(container.Env, e => e is { Name: "LIGHTREASONER_THREADS", Value: "3" });
        Assert.Equal("models", pod.Volumes.Single(v => v.Name == "cache").PersistentVolumeClaim.ClaimName);
        Assert.Contains(container.VolumeMounts, m => m is { Name: "cache", MountPath: "/data" });
    }

    [Fact]
    public void WorkerDefaults_FillWhatTheRunLeavesOut()
    {
        OperatorOptions options = Make.Options with
        {
            WorkerDefaults = new WorkerSpec { Resources = Parse("""{"requests":{"cpu":"1"}}"""), NodeSelector = new Dictionary<string, string> { ["pool"] = "gpu" }, PriorityClassName = "low" },
        };
        V1PodSpec pod = Build(Make.Sampling(change: s => s with { Worker = new WorkerSpec { PriorityClassName = "high", NodeSelector = new Dictionary<string, string> { ["zone"] = "a" } } }), options).Spec.Template.Spec;
        Assert.Equal(("high", "gpu", "a", "1"), (pod.PriorityClassName, pod.NodeSelector["pool"], pod.NodeSelector["zone"], pod.Containers[0].Resources.Requests["cpu"].ToString()));
    }

    [Fact]
    public void FragmentOfTheWrongForm_NamesItsField()
    {
        var error = Assert.Throws<FragmentException>(() => Build(Make.Sampling(change: s => s with { Worker = new WorkerSpec { Tolerations = [Parse("""{"tolerationSeconds":"soon"}""")] } })));
        Assert.StartsWith("spec.worker.tolerations[0]: ", error.Message);
    }

    [Theory]
    [InlineData("math", "math-srun")]
    [InlineData("v1.5", "v1-5-")]
    public void JobName_IsTheRunsWhereItFits(string name, string expected) =>
        Assert.StartsWith(expected, JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", name)));

    [Fact]
    public void JobName_LeavesRoomForAnIndexInAHostName_AndKeepsNamesApart()
    {
        string a = JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", new string('a', 253))), b = JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", new string('a', 252)));
        Assert.True((a + "-9999").Length <= 63);
        Assert.NotEqual(a, b);
        Assert.NotEqual(JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", "v1.5")), JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", "v1-5")));
        Assert.NotEqual(JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", "x")), JobNames.Of(new RunKey(RunKind.FineTuneRun, "ns", "x")));
    }

    [Fact]
    public void Document_IsTheRunsManifest()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { Shards = 3 });
        Manifest manifest = ManifestReader.Read(Make.Document(run).Data["run.json"], "run.json");
        Assert.Equal(("s", "team", "uid-s"), (manifest.Metadata.Name, manifest.Metadata.Namespace, manifest.Metadata.Uid));
        Assert.Equal(run.Spec, ((SamplingRun)manifest).Spec);
    }

    private static V1Job Build(IRunEntity run, OperatorOptions? options = null) =>
        JobTemplate.Build(run, new RunOutputs("az://runs/team/x", new Dictionary<string, string>()), options ?? Make.Options);

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
