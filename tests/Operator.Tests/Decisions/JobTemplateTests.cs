using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Tests.Decisions;

public sealed class JobTemplateTests
{
    [Fact]
    public void Sampling_IsIndexedWithRetriesPerIndex()
    {
        var spec = Build(Make.Sampling(change: s => s with { Shards = 5, Parallelism = 2, Retries = 4 })).Spec;

        Assert.Equal(("Indexed", 5, 2, 4), (spec.CompletionMode, spec.Completions, spec.Parallelism, spec.BackoffLimitPerIndex));
        Assert.Null(spec.BackoffLimit);
        Assert.Equal("Failed", spec.PodReplacementPolicy);
        Assert.Equal(["--shard", "$(JOB_COMPLETION_INDEX)"], spec.Template.Spec.Containers[0].Args.Skip(5));
    }

    [Fact]
    public void SamplingOfOneShard_HasOneBackoffLimit()
    {
        var spec = Build(Make.Sampling(change: s => s with { Retries = 4 })).Spec;
        Assert.Equal(("Indexed", 1, 4, null), (spec.CompletionMode, spec.Completions, spec.BackoffLimit, spec.BackoffLimitPerIndex));
    }

    [Theory]
    [InlineData(0, null, "registry.example/worker:1")]
    [InlineData(1, null, "registry.example/worker:1-cuda")]
    [InlineData(1, "mine:1", "mine:1")]
    public void Image_FollowsFromGpus(int gpus, string? own, string expected) =>
        Assert.Equal(expected, Build(Make.Sampling(change: s => s with { Worker = new WorkerSpec { Gpus = gpus, Image = own } }))
        .Spec.Template.Spec.Containers[0].Image);

    /// <summary>Kubernetes takes the limit of an extended resource for its request too.</summary>
    [Theory]
    [InlineData(2, null, "nvidia.com/gpu")]
    [InlineData(2, "amd.com/gpu", "amd.com/gpu")]
    [InlineData(1, "nvidia.com/mig-1g.10gb", "nvidia.com/mig-1g.10gb")]
    [InlineData(0, "amd.com/gpu", null)]
    public void GpuResource_IsWhatTheJobAsksFor(int gpus, string? resource, string? expected)
    {
        var defaults = Make.Options with { WorkerDefaults = new WorkerSpec { GpuResource = resource } };
        foreach (var options in new[] { Make.Options, defaults })
        {
            var container = Build(Make.Sampling(change: s => s with
            {
                Worker = new WorkerSpec { Gpus = gpus, GpuResource = options.WorkerDefaults is null ? resource : null },
            }), options).Spec.Template.Spec.Containers[0];
            Assert.Equal(expected is null ? "" : $"{expected}={gpus}", string.Join(',',
                container.Resources.Limits.Where(limit => limit.Key.Contains('/')).Select(limit => $"{limit.Key}={limit.Value}")));
            Assert.Equal(expected is null ? "registry.example/worker:1" : "registry.example/worker:1-cuda", container.Image);
        }
    }

    [Fact]
    public void KueueLabels_ReachTheJob()
    {
        var run = Make.Sampling();
        run.Metadata.Labels = new Dictionary<string,
            string>
        { ["kueue.x-k8s.io/queue-name"] = "gpus", ["kueue.x-k8s.io/priority-class"] = "high", ["team"] = "blue" };
        var job = Build(run);
        Assert.Equal(("gpus", "high", true),
            (job.Metadata.Labels["kueue.x-k8s.io/queue-name"], job.Metadata.Labels["kueue.x-k8s.io/priority-class"], job.Spec.Suspend));
        Assert.DoesNotContain("team", job.Metadata.Labels);
    }

    [Fact]
    public void Training_IsOnePodWithRetries()
    {
        var spec = Build(Make.FineTune(change: s => s with { Retries = 2 })).Spec;
        Assert.Equal(("NonIndexed", 1, 1, 2), (spec.CompletionMode, spec.Completions, spec.Parallelism, spec.BackoffLimit));
        Assert.Null(spec.BackoffLimitPerIndex);
    }

    [Fact]
    public void FailurePolicy_FinalExitCodesFail_DisruptionIsIgnored()
    {
        var rules = Build(Make.Sampling()).Spec.PodFailurePolicy.Rules;
        Assert.Equal(("Ignore", "DisruptionTarget"), (rules[0].Action, rules[0].OnPodConditions[0].Type));
        Assert.Equal(("FailJob", "worker", "In"),
            (rules[1].Action, rules[1].OnExitCodes.ContainerName, rules[1].OnExitCodes.OperatorProperty));
        Assert.Equal(Enumerable.Range(64, 15), rules[1].OnExitCodes.Values);
    }

    /// <summary>The checks of https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted.</summary>
    [Fact]
    public void Pod_MeetsTheRestrictedStandard_AndHoldsNoApiToken()
    {
        var pod = Build(Make.Sampling()).Spec.Template.Spec;
        var container = Assert.Single(pod.Containers).SecurityContext;

        Assert.True(pod.SecurityContext.RunAsNonRoot);
        // OpenShift's restricted-v2 gives the ids itself.
        Assert.Equal((null, null, null), (pod.SecurityContext.RunAsUser, pod.SecurityContext.RunAsGroup, pod.SecurityContext.FsGroup));
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
        Assert.False(container.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.Capabilities.Drop);
        Assert.True(container.ReadOnlyRootFilesystem);
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.All(pod.Volumes,
            volume => Assert.True(volume.DownwardAPI is not null || volume.EmptyDir is not null || volume.Projected is not null));
        Assert.Equal(ApiGroup.ProgressAudience, pod.Volumes.Single(v => v.Projected is not null).Projected.Sources[0]
            .ServiceAccountToken.Audience);
    }

    [Theory]
    [InlineData("{}", "500m,1Gi,1Gi", "100Gi", "100Gi")]
    [InlineData("""{"scratch":{"sizeLimit":"300Gi"}}""", "500m,1Gi,1Gi", "300Gi", "300Gi")]
    [InlineData("""{"scratch":{"sizeLimit":"500Mi"}}""", "500m,1Gi,500Mi", "500Mi", "500Mi")]
    [InlineData("""{"scratch":{"sizeLimit":"300Gi","storageClassName":"fast"}}""", "500m,1Gi,1Gi", null, null)]
    [InlineData("""{"resources":{"requests":{"cpu":"4"},"limits":{"memory":"32Gi"}}}""", "4,,1Gi", "100Gi", "100Gi")]
    [InlineData("""{"resources":{"requests":{"ephemeral-storage":"200Gi"}}}""", "500m,1Gi,200Gi", null, "100Gi")]
    public void Resources_HaveDefaults_WhereTheRunNamesNone(string worker, string requests, string? diskLimit, string? scratch)
    {
        var pod = Build(Make.Sampling(change: s =>
            s with { Worker = JsonSerializer.Deserialize<WorkerSpec>(worker, ApiJson.Strict)! })).Spec.Template.Spec;
        var resources = pod.Containers[0].Resources;
        Assert.Equal(requests,
            string.Join(',', new[] { "cpu", "memory", "ephemeral-storage" }.Select(r => resources.Requests.TryGetValue(r,
            out var q) ? q.ToString() : "")));
        Assert.Equal(diskLimit, resources.Limits.TryGetValue("ephemeral-storage", out var limit) ? limit.ToString() : null);
        Assert.Equal(scratch, pod.Volumes.Single(v => v.Name == "scratch").EmptyDir?.SizeLimit?.ToString());
        Assert.Equal("1", resources.Limits["nvidia.com/gpu"].ToString());
    }

    [Fact]
    public void FsGroup_IsTheRuns_AndChangesOnlyVolumesThatHaveAnother()
    {
        var pod = Build(Make.Sampling(change: s => s with { Worker = new WorkerSpec { FsGroup = 2000 } }))
            .Spec.Template.Spec.SecurityContext;
        Assert.Equal((2000, "OnRootMismatch", null), (pod.FsGroup, pod.FsGroupChangePolicy, pod.RunAsUser));
    }

    [Fact]
    public void Environment_TellsTheWorkerWhereToReport()
    {
        var env = Build(Make.Sampling()).Spec.Template.Spec.Containers[0].Env.ToDictionary(e => e.Name);
        Assert.Equal("http://operator.lightreasoner:8080/v1/progress", env["LIGHTREASONER_PROGRESS_URL"].Value);
        Assert.Equal("/var/run/secrets/lightreasoner/token", env["LIGHTREASONER_PROGRESS_TOKEN_FILE"].Value);
        Assert.Equal("metadata.uid", env["LIGHTREASONER_ATTEMPT"].ValueFrom.FieldRef.FieldPath);
        Assert.Equal("/dev/termination-log", env["LIGHTREASONER_TERMINATION_LOG"].Value);
    }

    [Fact]
    public void WithoutProgressUrl_NoTokenIsMounted()
    {
        var pod = Build(Make.Sampling(), Make.Options with { ProgressUrl = null }).Spec.Template.Spec;
        Assert.DoesNotContain(pod.Volumes, v => v.Projected is not null);
        Assert.DoesNotContain(pod.Containers[0].Env, e => e.Name.StartsWith("LIGHTREASONER_PROGRESS", StringComparison.Ordinal));
    }

    [Fact]
    public void Worker_IsPassedThrough()
    {
        var pod = Build(Make.Sampling(change: s => s with
        {
            Storage = new StorageSpec { SecretRef = new LocalReference { Name = "blob-credentials" } },
            Tracking = Mlflow("mlflow"),
            Worker = new WorkerSpec
            {
                Image = "mine:1",
                ImagePullPolicy = "Always",
                ImagePullSecrets = [new LocalReference { Name = "pull" }],
                Gpus = 1,
                GpuResource = "nvidia.com/mig-3g.40gb",
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

        var container = pod.Containers[0];
        Assert.Equal(("mine:1", "Always", "pull"), (container.Image, container.ImagePullPolicy, pod.ImagePullSecrets[0].Name));
        Assert.Equal(("1", "32Gi", "4"), (container.Resources.Limits["nvidia.com/mig-3g.40gb"].ToString(),
            container.Resources.Limits["memory"].ToString(), container.Resources.Requests["cpu"].ToString()));
        Assert.Equal(("h200", "gpu", "zone"), (pod.NodeSelector["gpu"], pod.Tolerations[0].Key,
            pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions[0].Key));
        Assert.Equal(("low", "nvidia", "azure"), (pod.PriorityClassName, pod.RuntimeClassName, pod.ServiceAccountName));
        Assert.Equal(["blob-credentials", "mlflow"], container.EnvFrom.Select(source => source.SecretRef.Name));
        Assert.Equal(["/data"], container.Env.Where(e => e.Name == "HOME").Select(e => e.Value));
        Assert.Contains(container.Env, e => e is { Name: "LIGHTREASONER_THREADS", Value: "3" });
        Assert.Equal("models", pod.Volumes.Single(v => v.Name == "cache").PersistentVolumeClaim.ClaimName);
        Assert.Contains(container.VolumeMounts, m => m is { Name: "cache", MountPath: "/data" });
    }

    [Fact]
    public void WorkerDefaults_FillWhatTheRunLeavesOut()
    {
        var options = Make.Options with
        {
            WorkerDefaults = new WorkerSpec
            {
                Resources = Parse("""{"requests":{"cpu":"1"}}"""),
                NodeSelector = new Dictionary<string,
                string>
                { ["pool"] = "gpu" },
                PriorityClassName = "low"
            },
        };
        var pod = Build(Make.Sampling(change: s => s with
        {
            Worker = new WorkerSpec
            {
                PriorityClassName = "high",
                NodeSelector = new Dictionary<string, string> { ["zone"] = "a" }
            }
        }), options).Spec.Template.Spec;
        Assert.Equal(("high", "gpu", "a", "1"), (pod.PriorityClassName, pod.NodeSelector["pool"], pod.NodeSelector["zone"],
            pod.Containers[0].Resources.Requests["cpu"].ToString()));
    }

    [Fact]
    public void Fragments_AreHandedOnAsTheyStand()
    {
        var job = JobTemplate.Build(Make.Sampling(change: s => s with
        {
            Worker = new WorkerSpec
            {
                Resources = Parse("""{"limit":{"memory":"1Gi"},"claims":[{"name":"new"}]}"""),
                Volumes = [Parse("""{"name":"x","newSource":{"a":1}}""")]
            },
        }), new RunOutputs("az://x", new Dictionary<string, string>()), Make.Options);
        var spec = job["spec"]!["template"]!["spec"]!;
        Assert.Equal("1Gi", (string?)spec["containers"]![0]!["resources"]!["limit"]!["memory"]);
        Assert.Equal("new", (string?)spec["containers"]![0]!["resources"]!["claims"]![0]!["name"]);
        Assert.Equal(1, (int?)spec["volumes"]!.AsArray()[^1]!["newSource"]!["a"]);
    }

    [Theory]
    [InlineData("Job.batch \"s-srun\" is invalid: spec.template.spec.containers[0].env[6].name: Required value",
        "spec.worker.env[0].name: Required value")]
    [InlineData("strict decoding error: unknown field \"spec.template.spec.containers[0].resources.limit\"",
        "strict decoding error: unknown field \"spec.worker.resources.limit\"")]
    [InlineData("strict decoding error: unknown field \"spec.template.spec.volumes[3].persistantVolumeClaim\"",
        "strict decoding error: unknown field \"spec.worker.volumes[0].persistantVolumeClaim\"")]
    [InlineData("(combined from similar events): spec.containers[0].volumeMounts[3].name: Not found: \"x\"",
        "spec.worker.volumeMounts[0].name: Not found: \"x\"")]
    public void Messages_AreInTheRunsOwnTerms(string said, string expected)
    {
        var run = Make.Sampling(change: s => s with
        {
            Worker = new WorkerSpec
            {
                Env = [Parse("{}")],
                Volumes = [Parse("""{"name":"x"}""")],
                VolumeMounts = [Parse("""{"name":"x","mountPath":"/x"}""")]
            },
        });
        var job = JobTemplate.Build(run, new RunOutputs("az://x", new Dictionary<string, string>()), Make.Options);
        Assert.Equal(expected, RunTerms.Of(said, job, run.Spec.Worker));
    }

    public static TheoryData<string, string> Refused => new()
    {
        { """{"volumes":[{"name":"x","hostPath":{"path":"/"}}]}""", "spec.worker.volumes[0]: type hostPath is not allowed here" },
        { """{"volumes":[{"name":"x","persistantVolumeClaim":{"claimName":"c"}}]}""",
        "spec.worker.volumes[0]: type persistantVolumeClaim is not allowed here" },
        { """{"volumes":[{"name":"x","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}]}""",
        "spec.worker.volumes[0].projected: a serviceAccountToken is not allowed here" },
        { """{"image":"evil.example/worker:1"}""", "spec.worker.image: 'evil.example/worker:1' is not allowed here" },
        { """{"serviceAccountName":"admin"}""", "spec.worker.serviceAccountName: 'admin' is not allowed here" },
        { """{"env":[{"name":"T","valueFrom":{"secretKeyRef":{"name":"db","key":"k"}}}]}""",
        "spec.worker.env[0].valueFrom.secretKeyRef: Secret 'db' is not allowed here" },
        { """{"volumes":[{"name":"x","secret":{"secretName":"db"}}]}""", "spec.worker.volumes[0].secret: Secret 'db' is not allowed here" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Policy_NamesWhatARunMayNotHave(string worker, string message)
    {
        var options = Make.Options with
        {
            AllowedImages = ["registry.example/"],
            AllowedServiceAccounts = ["runs-*"],
            AllowedSecrets = ["blob-*"]
        };
        RunSpec spec = Make.Sampling(change: s =>
            s with { Worker = System.Text.Json.JsonSerializer.Deserialize<WorkerSpec>(worker, ApiJson.Options)! }).Spec;
        Assert.StartsWith(message, Assert.Single(RunPolicy.Violations(spec, options)), StringComparison.Ordinal);
        var d = new RunDecider(options)
            .Decide(new RunObservation { Run = Make.Sampling(change: s => s with { Worker = spec.Worker }), Now = Make.Now });
        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.NotAllowed, Conditions.Find(d.Status.Conditions, Conditions.Ready)!.Reason);
    }

    [Fact]
    public void Policy_NamesTheSecretOfTrackingThatARunMayNotHave()
    {
        RunSpec spec = Make.Sampling(change: s => s with { Tracking = Mlflow("other") }).Spec;
        var violation = Assert.Single(RunPolicy.Violations(spec, Make.Options with { AllowedSecrets = ["blob-*"] }));
        Assert.StartsWith("spec.tracking.mlflow.secretRef.name: Secret 'other'", violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Policy_AllowsWhatItNames()
    {
        var options = Make.Options with
        {
            AllowedImages = ["registry.example/"],
            AllowedServiceAccounts = ["runs-*"],
            AllowedSecrets = ["blob-*"]
        };
        RunSpec spec = Make.Sampling(change: s => s with
        {
            Storage = new StorageSpec { SecretRef = new LocalReference { Name = "blob-credentials" } },
            Worker = new WorkerSpec
            {
                Image = "registry.example/w:1",
                ServiceAccountName = "runs-a",
                Volumes = [Parse("""{"name":"x","persistentVolumeClaim":{"claimName":"c"}}""")]
            },
        }).Spec;
        Assert.Empty(RunPolicy.Violations(spec, options));
    }

    [Theory]
    [InlineData("math", "math-srun")]
    [InlineData("v1.5", "v1-5-")]
    public void JobName_IsTheRunsWhereItFits(string name, string expected) =>
        Assert.StartsWith(expected, JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", name)));

    [Fact]
    public void JobName_LeavesRoomForAnIndexInAHostName_AndKeepsNamesApart()
    {
        string a = JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", new string('a', 253))),
            b = JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", new string('a', 252)));
        Assert.True((a + "-9999").Length <= 63);
        Assert.NotEqual(a, b);
        Assert.NotEqual(JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", "v1.5")),
            JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", "v1-5")));
        Assert.NotEqual(JobNames.Of(new RunKey(RunKind.SamplingRun, "ns", "x")), JobNames.Of(new RunKey(RunKind.FineTuneRun, "ns", "x")));
    }

    [Fact]
    public void Document_IsTheRunsManifest()
    {
        var run = Make.Sampling(change: s => s with { Shards = 3 });
        var template = Build(run).Spec.Template;
        var file = template.Spec.Volumes.Single(v => v.DownwardAPI is not null).DownwardAPI.Items.Single();
        Assert.Equal(("run.json", "metadata.annotations['lightreasoner.io/document']"), (file.Path, file.FieldRef.FieldPath));
        var manifest = ManifestReader.Read(template.Metadata.Annotations["lightreasoner.io/document"], "run.json");
        Assert.Equal(("s", "team", "uid-s"), (manifest.Metadata.Name, manifest.Metadata.Namespace, manifest.Metadata.Uid));
        Assert.Equal(run.Spec, ((SamplingRun)manifest).Spec);
    }

    private static TrackingSpec Mlflow(string secret) =>
        new() { Mlflow = new MlflowSpec { Uri = "https://mlflow.example", SecretRef = new LocalReference { Name = secret } } };

    private static V1Job Build(IRunEntity run, OperatorOptions? options = null) =>
        KubernetesJson.Deserialize<V1Job>(JobTemplate.Build(run, new RunOutputs("az://runs/team/x", new Dictionary<string, string>()),
        options ?? Make.Options).ToJsonString());

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
