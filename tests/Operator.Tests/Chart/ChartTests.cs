using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Operator.Hosting;

namespace LightReasoner.Operator.Tests.Chart;

/// <summary>The Helm chart over a matrix of values.</summary>
public sealed class ChartTests
{
    private const string Everything = """
        replicas: 3
        outputPrefix: az://runs/team a
        image: {digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
        imagePullSecrets: [{name: registry}]
        commonLabels: {team: reasoning}
        worker:
          image: {repository: registry.example/worker, tag: "7"}
          defaults:
            imagePullPolicy: Always
            resources: {requests: {cpu: "4", memory: 16Gi}}
            nodeSelector: {gpu: "true"}
            tolerations: [{key: nvidia.com/gpu, operator: Exists}]
            env: [{name: HF_HOME, value: /models}]
          cache: {volume: {persistentVolumeClaim: {claimName: models}}, maxSize: 200Gi}
          cudaImage: {repository: registry.example/worker-cuda, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
        policy: {allowedVolumeTypes: [emptyDir, projected], allowedImages: [registry.example/], allowedServiceAccounts: [runs, "team-*"], allowedSecrets: ["blob-*"], allowServiceAccountTokens: true, admissionPolicies: true}
        extraArgs: [--kubeconfig=/more/kubeconfig]
        extraVolumes: [{name: more, emptyDir: {}}]
        extraVolumeMounts: [{name: more, mountPath: /more}]
        serviceAccount: {annotations: {azure.workload.identity/client-id: abc}}
        podAnnotations: {a: b}
        podLabels: {c: d}
        priorityClassName: system-cluster-critical
        nodeSelector: {kubernetes.io/os: linux}
        tolerations: [{operator: Exists}]
        affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/hostname}}]}}
        topologySpreadConstraints: [{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway}]
        env: [{name: DOTNET_gcServer, value: "0"}]
        service: {annotations: {e: f}}
        podDisruptionBudget: {enabled: true}
        networkPolicy: {enabled: true, metricsFrom: [{namespaceSelector: {matchLabels: {name: monitoring}}}], extraEgress: [{ports: [{port: 8443}]}]}
        serviceMonitor: {enabled: true, labels: {release: prometheus}}
        prometheusRule: {enabled: true, labels: {release: prometheus}}
        grafanaDashboard: {enabled: true, namespace: monitoring, annotations: {folder: Training}}
        """;

    private const string Least = """
        crds: {install: false}
        rbac: {create: false, aggregate: false}
        serviceAccount: {create: false, name: mine}
        leaderElection: {enabled: false}
        progress: {enabled: false}
        """;

    private static readonly (string Name, string Values)[] s_matrix =
    [
        ("defaults", "{}"),
        ("everything", Everything),
        ("least", Least),
        ("two namespaces", "watchNamespaces: [team, others]"),
        ("one namespace, no progress", "{watchNamespaces: [team], progress: {enabled: false}}"),
        ("definitions go with the chart", "crds: {keep: false}"),
        ("names", "{nameOverride: reasoner, commonLabels: {a: b}}"),
        ("full name", "fullnameOverride: an-operator-with-a-name-that-is-just-as-long-as-any-name-can-b-"),
        ("progress by another way", "{progress: {url: 'https://progress.example/v1/progress'}, service: {type: LoadBalancer, port: 80}}"),
        ("policy without metrics", "networkPolicy: {enabled: true, apiServerPorts: [6443], dnsPorts: [5353]}"),
        ("admission policies by default", "policy: {admissionPolicies: true}"),
        ("a default taken away", "resources: {limits: null}"),
    ];

    /// <summary>The values, each with the oldest and the newest Helm.</summary>
    public static TheoryData<string, string, string> Matrix { get; } =
        [.. s_matrix.SelectMany(row => new[] { Helm.Oldest, Helm.Newest }.Select(version => (version, row.Name, row.Values)))];

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Objects_FitTheRecordedSchemas_AndEachOther(string helm, string name, string values)
    {
        var chart = await Helm.RenderAsync(values, version: helm);
        Assert.True(chart.Error is null, $"{name}: {chart.Error}");
        var documents = OpenApiDocuments.Load();
        Assert.Empty(chart.Objects.SelectMany(o => documents.Check(o)?.Select(error => $"{o["kind"]} {o["metadata"]!["name"]}: {error}")
            ?? []));
        Assert.Empty(documents.Check(chart.OperatorPod, "io.k8s.api.core.v1.PodTemplateSpec"));

        string[] keys = [.. chart.Objects.Select(o => $"{o["kind"]} {o["metadata"]!["namespace"]}/{o["metadata"]!["name"]}")];
        Assert.Equal(keys.Distinct(), keys);
        var labels = chart.OperatorPod["metadata"]!["labels"]!.AsObject();
        foreach (var selector in new[] { chart.Single("Service")["spec"]!["selector"]!,
            chart.Single("Deployment")["spec"]!["selector"]!["matchLabels"]! }
            .Concat(chart.Of("PodDisruptionBudget").Select(o => o["spec"]!["selector"]!["matchLabels"]!))
            .Concat(chart.Of("NetworkPolicy").Select(o => o["spec"]!["podSelector"]!["matchLabels"]!)).Select(s => s.AsObject()))
            Assert.All(selector, pair => Assert.Equal((string)pair.Value!, (string?)labels[pair.Key]));
        foreach (var o in chart.Objects.Where(o => (string?)o["kind"] is not "CustomResourceDefinition"))
        {
            Assert.Equal("Helm", (string?)o["metadata"]!["labels"]!["app.kubernetes.io/managed-by"]);
            Assert.Matches("^[a-z0-9]([-a-z0-9]{0,80}[a-z0-9])?$", (string?)o["metadata"]!["name"]);
        }
        var account = (string)chart.OperatorPod["spec"]!["serviceAccountName"]!;
        Assert.All(chart.Objects.Where(o => o["subjects"] is not null), binding =>
        {
            Assert.Equal((account, "lr-system"),
                ((string)binding["subjects"]![0]!["name"]!, (string)binding["subjects"]![0]!["namespace"]!));
            Assert.Contains(chart.Of((string)binding["roleRef"]!["kind"]!),
                role => (string?)role["metadata"]!["name"] == (string?)binding["roleRef"]!["name"]);
        });
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Operator_UnderstandsItsArguments(string helm, string name, string values)
    {
        var chart = await Helm.RenderAsync(values, version: helm);
        Assert.True(chart.Error is null, $"{name}: {chart.Error}");
        var line = OperatorCommand.Build().Parse([.. chart.OperatorArguments]);
        Assert.True(line.Errors.Count == 0, $"{name}: {string.Join("; ", line.Errors.Select(e => e.Message))}");
        Assert.Equal("run", line.CommandResult.Command.Name);
    }

    [Fact]
    public async Task NetworkPolicy_LetsDnsThroughOnThePortsOfTheCluster()
    {
        var chart = await Helm.RenderAsync("networkPolicy: {enabled: true, dnsPorts: [53, 5353]}");
        string[] ports = [.. chart.Single("NetworkPolicy")["spec"]!["egress"]!.AsArray().SelectMany(rule => rule!["ports"]!.AsArray())
            .Select(port => $"{port!["port"]}/{port["protocol"]}")];
        Assert.Superset(new HashSet<string> { "53/UDP", "53/TCP", "5353/UDP", "5353/TCP" }, ports.ToHashSet());
    }

    [Theory]
    [InlineData("{}"), InlineData(Everything)]
    public async Task OperatorPod_SatisfiesPodSecurityRestricted(string values)
    {
        var chart = await Helm.RenderAsync(values);
        var spec = chart.OperatorPod["spec"]!.AsObject();
        Assert.All(new[] { "hostNetwork", "hostPID", "hostIPC" }, field => Assert.Null(spec[field]));
        Assert.True((bool)spec["securityContext"]!["runAsNonRoot"]!);
        Assert.Equal("RuntimeDefault", (string?)spec["securityContext"]!["seccompProfile"]!["type"]);
        var container = Assert.Single(spec["containers"]!.AsArray())!;
        Assert.False((bool)container["securityContext"]!["allowPrivilegeEscalation"]!);
        Assert.Equal("[\"ALL\"]", container["securityContext"]!["capabilities"]!["drop"]!.ToJsonString());
        Assert.All(spec["volumes"]!.AsArray(), volume => Assert.True(volume!["emptyDir"] is not null || volume["configMap"] is not null));
    }

    /// <summary>CEL of the admission policies, over runs within and beyond the limits.</summary>
    [Theory]
    [InlineData("{volumes: [{name: a, emptyDir: {}}], image: registry.example/w:1, serviceAccountName: team-a}", true)]
    [InlineData("{volumes: [{name: a, hostPath: {path: /}}]}", false)]
    [InlineData("{image: docker.example/w:1}", false)]
    [InlineData("{serviceAccountName: admin}", false)]
    [InlineData("{env: [{name: A, valueFrom: {secretKeyRef: {name: other, key: a}}}]}", false)]
    [InlineData("{env: [{name: A, valueFrom: {secretKeyRef: {name: blob-a, key: a}}}, {name: B, value: b}]}", true)]
    public async Task AdmissionPolicies_DecideAsTheOperator(string worker, bool allowed)
    {
        var chart = await Helm.RenderAsync(Everything);
        var spec = chart.Single("ValidatingAdmissionPolicy")["spec"]!.AsObject();
        JsonObject run = new() { ["spec"] = new JsonObject { ["worker"] = YamlJson.ToJson(worker, "worker")[0]!.DeepClone() } };
        Assert.Equal(allowed, AdmissionPolicy.Allows(spec, run));
        const string tracking = "{mlflow: {uri: 'https://mlflow.example', secretRef: {name: blob-a}}}";
        run["spec"]!["tracking"] = YamlJson.ToJson(tracking, "tracking")[0]!.DeepClone();
        Assert.Equal(allowed, AdmissionPolicy.Allows(spec, run));
        run["spec"]!["tracking"]!["mlflow"]!["secretRef"]!["name"] = "other";
        Assert.False(AdmissionPolicy.Allows(spec, run));
    }

    /// <summary>The images have one name everywhere.</summary>
    [Fact]
    public async Task Images_AreTheOperatorsDefaults_AndThoseThatAreBuilt()
    {
        var chart = await Helm.RenderAsync();
        Assert.Contains($"--worker-image={OperatorOptions.DefaultWorkerImage}", chart.OperatorArguments);
        Assert.Contains($"--worker-cuda-image={OperatorOptions.DefaultWorkerCudaImage}", chart.OperatorArguments);
        var script = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "eng/images.sh"));
        var prefix = Regex.Match(script, @"prefix=\$\{PREFIX:-([^}]+)\}").Groups[1].Value;
        Assert.Equal($"{prefix}/operator:{OperatorOptions.Version}", (string?)chart.OperatorPod["spec"]!["containers"]![0]!["image"]);
        Assert.Equal($"{prefix}/worker:{OperatorOptions.Version}", OperatorOptions.DefaultWorkerImage);
        Assert.Contains("tag=$prefix/worker:$version-cuda", script);
    }

    [Fact]
    public async Task OneNamespace_HasNoClusterRoleButThatOfTokenReviews()
    {
        var chart = await Helm.RenderAsync("{watchNamespaces: [team], rbac: {aggregate: false}}");
        var cluster = chart.Single("ClusterRole");
        Assert.Equal("""[{"apiGroups":["authentication.k8s.io"],"resources":["tokenreviews"],"verbs":["create"]}]""",
            cluster["rules"]!.ToJsonString());
        var role = Assert.Single(chart.Of("Role"), r => (string?)r["metadata"]!["namespace"] == "team");
        Assert.Contains("samplingruns/status", role["rules"]!.ToJsonString());
        Assert.Contains("--namespace=team", chart.OperatorArguments);

        var without = await Helm.RenderAsync("{watchNamespaces: [team], rbac: {aggregate: false}, progress: {enabled: false}}");
        Assert.Empty(without.Of("ClusterRole"));
        Assert.DoesNotContain(without.OperatorArguments, a => a.StartsWith("--progress-url", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OperatorRole_ReadsNoSecrets_AndGrantsNothingByStar()
    {
        var chart = await Helm.RenderAsync();
        string[] granted = [.. chart.Objects.Where(o => o["rules"] is not null).SelectMany(o => o["rules"]!.AsArray()).SelectMany(rule =>
            rule!["resources"]!.AsArray().Concat(rule["verbs"]!.AsArray()).Concat(rule["apiGroups"]!.AsArray())).Select(v => (string)v!)];
        Assert.DoesNotContain("*", granted);
        Assert.DoesNotContain("secrets", granted);
    }

    [Fact]
    public async Task Definitions_AreTheGeneratedOnes_AndKeptAtUninstall()
    {
        foreach (var keep in new[] { true, false })
        {
            var chart = await Helm.RenderAsync($"crds: {{keep: {(keep ? "true" : "false")}}}");
            foreach (var file in Directory.GetFiles(Path.Combine(RepositoryFolder.Path, "crds")))
            {
                var wanted = YamlJson.ToJson(await File.ReadAllTextAsync(file), file)[0]!.AsObject();
                var rendered = Assert.Single(chart.Of("CustomResourceDefinition"),
                    o => (string?)o["metadata"]!["name"] == (string?)wanted["metadata"]!["name"]);
                Assert.Equal(keep ? "keep" : null, (string?)rendered["metadata"]!["annotations"]?["helm.sh/resource-policy"]);
                Assert.True(JsonNode.DeepEquals(wanted["spec"], rendered["spec"]));
            }
        }
    }

    [Fact]
    public async Task WorkerDefaults_AreReadByTheOperator()
    {
        var chart = await Helm.RenderAsync(Everything);
        var map = Assert.Single(chart.Of("ConfigMap"), m => m["data"]!["worker-defaults.yaml"] is not null);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, (string)map["data"]!["worker-defaults.yaml"]!);
            var defaults = WorkerDefaultsFile.Read(file)!;
            Assert.Equal(("Always", "true"), (defaults.ImagePullPolicy, defaults.NodeSelector!["gpu"]));
            Assert.Equal("16Gi", (string?)defaults.Resources!["requests"]!["memory"]);
            Assert.Equal("""[{"name":"cache","persistentVolumeClaim":{"claimName":"models"}}]""",
                JsonSerializer.Serialize(defaults.Volumes));
            Assert.Equal("""[{"mountPath":"/var/lightreasoner/cache","name":"cache"}]""", JsonSerializer.Serialize(defaults.VolumeMounts));
            Assert.Equal("""[{"name":"HF_HOME","value":"/models"},{"name":"LIGHTREASONER_CACHE","value":"/var/lightreasoner/cache"},{"name":"LIGHTREASONER_CACHE_SIZE","value":"200Gi"}]""", JsonSerializer.Serialize(defaults.Env));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Notes_TellWhatIsMissing()
    {
        Assert.Contains("outputPrefix is not set", await Helm.NotesAsync("{}"));
        var notes = await Helm.NotesAsync("{outputPrefix: az://runs, watchNamespaces: [team], crds: {install: false}}");
        Assert.DoesNotContain("outputPrefix is not set", notes);
        Assert.Contains("namespace team", notes);
        Assert.Contains("crds.install is false", notes);
    }

    [Theory]
    [InlineData("replica: 2", "replica")]
    [InlineData("replicas: two", "replicas")]
    [InlineData("outputPrefix: runs", "outputPrefix")]
    [InlineData("log: {level: verbose}", "log.level")]
    [InlineData("worker: {defaults: {gpus: 2}}", "gpus")]
    [InlineData("worker: {defaults: {nodeSelector: {gpu: true}}}", "nodeSelector.gpu")]
    [InlineData("worker: {cache: {mountPath: cache}}", "worker.cache.mountPath")]
    [InlineData("worker: {cache: {maxSize: much}}", "worker.cache.maxSize")]
    [InlineData("image: {digest: latest}", "image.digest")]
    [InlineData("service: {port: 0}", "service.port")]
    [InlineData("watchNamespaces: [Team]", "watchNamespaces.0")]
    [InlineData("{replicas: 2, leaderElection: {enabled: false}}", "leaderElection.enabled")]
    public async Task BadValues_AreRefused_NamingTheField(string values, string field)
    {
        foreach (var version in new[] { Helm.Oldest, Helm.Newest })
        {
            var error = (await Helm.RenderAsync(values, version: version)).Error;
            Assert.NotNull(error);
            Assert.Contains(field, error.Replace('/', '.')); // Helm 3 writes log.level, Helm 4 /log/level
        }
    }

    [Theory, InlineData(Helm.Oldest), InlineData(Helm.Newest)]
    public async Task Lint_FindsNothing(string version)
    {
        var (code, output, error) = await Helm.RunAsync(version, "{}", "lint", "--strict",
            Path.Combine(RepositoryFolder.Path, "charts/lightreasoner"));
        Assert.True(code == 0, output + error);
    }

    [Fact]
    public async Task OlderKubernetes_IsRefused() => Assert.Contains("kubeVersion: >=1.31",
        (await Helm.RenderAsync(kubeVersion: "v1.30.9")).Error);

    [Fact]
    public async Task VendorsKubernetesVersions_AreTaken() => Assert.Null((await Helm.RenderAsync(kubeVersion: "v1.31.4-eks-2d5f260"))
        .Error);

    [Fact]
    public void EveryValue_HasASchemaAndIsDocumented()
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "charts/lightreasoner/values.yaml"));
        var values = YamlJson.ToJson(text, "values.yaml")[0]!.AsObject();
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryFolder.Path,
            "charts/lightreasoner/values.schema.json")))!.AsObject();
        Compare(values, schema["properties"]!.AsObject(), "");

        static void Compare(JsonObject values, JsonObject properties, string path)
        {
            // Helm gives "global" to every chart; free-form objects have no properties.
            Assert.Equal(properties.Select(p => p.Key).Where(k => k != "global").Order(), values.Select(v => v.Key).Order());
            foreach (var (key, value) in values)
                if (value is JsonObject { Count: > 0 } inner && properties[key]!["properties"] is JsonObject fields) Compare(inner,
                    fields, $"{path}{key}.");
        }
    }

    [Fact]
    public void WorkerDefaults_AreTheFieldsOfSpecWorker()
    {
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "charts/lightreasoner/values.schema.json")))!;
        var fields = typeof(WorkerSpec).GetProperties().Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..])
            .Where(name => name != "gpus");
        Assert.Equal(fields.Order(), schema["properties"]!["worker"]!["properties"]!["defaults"]!["properties"]!.AsObject()
            .Select(p => p.Key).Order());
    }

    [Fact]
    public void Dashboard_AsksForMetricsThatExist()
    {
        var dashboard = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "charts/lightreasoner/files/dashboard.json"));
        var documented = File.ReadAllText(Path.Combine(RepositoryFolder.Path, "docs/metrics.md"));
        string[] asked = [.. Regex.Matches(dashboard, "lightreasoner_[a-z_]+").Select(m => Regex.Replace(m.Value, "_bucket$", ""))
            .Distinct()];
        Assert.NotEmpty(asked);
        Assert.All(asked, metric => Assert.Contains($"`{metric}`", documented));
        Assert.True(JsonNode.Parse(dashboard)!["panels"]!.AsArray().Count > 4);
    }

    [Fact]
    public void Version_IsTheProgramsOwn()
    {
        var chart = YamlJson.ToJson(File.ReadAllText(Path.Combine(RepositoryFolder.Path, "charts/lightreasoner/Chart.yaml")),
            "Chart.yaml")[0]!;
        Assert.Equal((OperatorOptions.Version, OperatorOptions.Version), ((string)chart["version"]!, (string)chart["appVersion"]!));
    }
}
