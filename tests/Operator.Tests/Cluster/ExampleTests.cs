using System.Text.Json.Nodes;
using LightReasoner.Operator.Tests.Chart;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>Every manifest under examples/ that people apply, and what the chart makes of itself, taken by a server.</summary>
[Collection(nameof(DevCluster))]
public sealed class ExampleTests(DevCluster cluster)
{
    [Theory]
    [InlineData("gitops/overlays/small", 3)]
    [InlineData("gitops/overlays/full", 3)]
    [InlineData("azure", 2)]
    [InlineData("kueue", 2)]
    [InlineData("pvc", 2)]
    [InlineData("oci", 1)]
    [InlineData("sweep", 9)]
    [InlineData("experiments", 10)]
    [InlineData("rounds", 6)]
    public async Task Kustomization_Renders_AndItsRunsAreGood(string folder, int runs)
    {
        var text = await Kubectl.RunAsync(null, "", "kustomize", $"examples/{folder}");
        JsonObject[] objects = [.. YamlJson.ToJson(text, folder).Select(node => node!.AsObject())];
        JsonObject[] ours = [.. objects.Where(o => (string?)o["apiVersion"] == ApiGroup.ApiVersion)];
        Assert.Equal(runs, ours.Length);
        Manifest[] manifests = [.. ours.Select(o => ManifestReader.Read(o.ToJsonString(), folder))];
        Assert.All(manifests, run => Assert.Equal("experiments", run.Metadata.Namespace));
        // What a run refers to is in the same folder, under the name that it has there.
        Assert.All(manifests.SelectMany(run => run.RunSpec.References()), reference =>
            Assert.Contains(manifests, run => run.Kind == reference.Kind && run.Metadata.Name == reference.Name));
        var documents = OpenApiDocuments.Load();
        Assert.Empty(objects.Except(ours).SelectMany(o => documents.Check(o) ?? []));
        Assert.Empty(ours.SelectMany(run => documents.Check(JobOf(run))!));
        await ApplyAsync(ours.Concat(objects.Where(o => (string?)o["kind"] == "ServiceAccount")));
    }

    [Fact]
    public async Task Sweep_VariesBetaAndSeeds()
    {
        var text = await Kubectl.RunAsync(null, "", "kustomize", "examples/sweep");
        Manifest[] runs = [.. YamlJson.ToJson(text, "sweep").Select(node => ManifestReader.Read(node!.ToJsonString(), "sweep"))];
        SamplingRun[] samplings = [.. runs.OfType<SamplingRun>()];
        var betas = samplings.ToDictionary(run => run.Metadata.Name, run => run.Spec.Selection.Beta);
        Assert.Equal([0.2, 0.4, 0.8], betas.Values.Order());
        Assert.Equal(
            [(0.2, 1), (0.2, 2), (0.4, 1), (0.4, 2), (0.8, 1), (0.8, 2)],
            runs.OfType<FineTuneRun>().Select(run => (betas[run.Spec.Samples.RunRef!.Name], (int)run.Spec.Training.Seed)).Order());
        Assert.Equal(["gsm8k-sampling-beta0.4"], samplings.Select(run => run.Spec.Answers?.RunRef.Name).OfType<string>().Distinct());
    }

    [Theory]
    [InlineData("flux", "GitRepository", "Kustomization", "Provider", "Alert")]
    [InlineData("flux/operator", "HelmRelease")]
    [InlineData("argocd", "Application", "ConfigMap")]
    public async Task PipelineOfATool_PointsAtWhatExists(string folder, params string[] kinds)
    {
        var text = await Kubectl.RunAsync(null, "", "kustomize", $"examples/gitops/{folder}");
        JsonObject[] objects = [.. YamlJson.ToJson(text, folder).Select(node => node!.AsObject())];
        Assert.All(kinds, kind => Assert.Contains(objects, o => (string?)o["kind"] == kind));
        string[] paths = [.. objects.Select(o => (string?)(o["spec"]?["path"] ?? o["spec"]?["source"]?["path"]
            ?? o["spec"]?["chart"]?["spec"]?["chart"])).OfType<string>()];
        Assert.All(paths, path => Assert.True(Directory.Exists(Path.Combine(RepositoryFolder.Path, path)),
            $"{path} is not in the repository"));
        foreach (var values in objects.Select(o => o["spec"]?["values"] ?? o["spec"]?["source"]?["helm"]?["valuesObject"])
            .OfType<JsonNode>())
            Assert.Null((await Helm.RenderAsync(values.ToJsonString())).Error);
    }

    [Theory]
    [InlineData("{outputPrefix: 'az://runs', worker: {defaults: {nodeSelector: {a: b}}}, grafanaDashboard: {enabled: true}}")]
    [InlineData("{watchNamespaces: [lr-system], crds: {keep: false}}")]
    public async Task Chart_IsTakenByTheServer(string values)
    {
        var chart = await Helm.RenderAsync(values);
        Assert.Null(chart.Error);
        string[] served = ["CustomResourceDefinition", "ServiceAccount", "ConfigMap", "Service", "ClusterRole", "ClusterRoleBinding",
            "Role", "RoleBinding"];
        var pod = chart.OperatorPod.DeepClone().AsObject();
        pod["apiVersion"] = "v1";
        pod["kind"] = "Pod";
        pod["metadata"]!["name"] = "operator";
        pod["metadata"]!["namespace"] = "lr-system";
        await EnsureNamespaceAsync("lr-system");
        await ApplyAsync(chart.Objects.Where(o => served.Contains((string?)o["kind"])).Append(pod));
    }

    [Fact]
    public async Task Explain_ReadsLikeDocumentation()
    {
        var selection = await Kubectl.RunAsync(cluster.Kubeconfig, "", "explain", "srun.spec.selection");
        Assert.Contains("FIELD: selection <Object>", selection);
        Assert.Contains("Which steps of the answers become samples", selection);
        Assert.Contains("alpha\t<number>", selection);
        Assert.Contains("Plausibility threshold", selection);
        var recursive = await Kubectl.RunAsync(cluster.Kubeconfig, "", "explain", "rrun.spec", "--recursive");
        Assert.Contains("lossWeights\t<[]number>", recursive);
        Assert.Contains("enum:", recursive);
    }

    /// <summary>The Job that the operator makes of a run.</summary>
    private static JsonObject JobOf(JsonObject run)
    {
        var stored = run.DeepClone().AsObject();
        stored["metadata"]!["uid"] = "uid";
        var text = stored.ToJsonString();
        IRunEntity entity = (string?)run["kind"] switch
        {
            "SamplingRun" => KubernetesJson.Deserialize<SamplingRunEntity>(text),
            "FineTuneRun" => KubernetesJson.Deserialize<FineTuneRunEntity>(text),
            _ => KubernetesJson.Deserialize<RefineRunEntity>(text),
        };
        return JobTemplate.Build(entity, new RunOutputs("az://runs/x", new Dictionary<string, string>()), Make.Options);
    }

    private async Task ApplyAsync(IEnumerable<JsonObject> objects)
    {
        JsonObject[] all = [.. objects];
        foreach (var ns in all.Select(o => (string?)o["metadata"]!["namespace"]).OfType<string>()
            .Distinct()) await EnsureNamespaceAsync(ns);
        var text = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "List",
            ["items"] = new JsonArray([.. all.Select(o => o.DeepClone())])
        }.ToJsonString();
        var output = await Kubectl.RunAsync(cluster.Kubeconfig, text, "apply", "--server-side", "--force-conflicts",
            "--dry-run=server", "--validate=strict", "-f", "-");
        Assert.Equal(all.Length, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private async Task EnsureNamespaceAsync(string name)
    {
        if (await cluster.Client.GetAsync<V1Namespace>(name) is null) await cluster.Client.CreateAsync(new V1Namespace
        { Metadata = new V1ObjectMeta { Name = name } });
    }
}
