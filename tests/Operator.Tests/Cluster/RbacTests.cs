using System.Net;
using System.Text.Json.Nodes;
using LightReasoner.Generate;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>The operator as a service account with exactly the generated roles, in one namespace, with RBAC enforced.</summary>
[Collection(nameof(DevCluster))]
public sealed class RbacTests(DevCluster cluster)
{
    private const string Account = "operator";

    /// <summary>Granted for what this test does not bring about.</summary>
    private static readonly Dictionary<string, string> NotUsedHere = new()
    {
        ["samplingruns/finalizers update"] = "asked for by the admission plugin OwnerReferencesPermissionEnforcement only",
        ["finetuneruns/finalizers update"] = "as above",
        ["refineruns/finalizers update"] = "as above",
        ["namespaces get"] = "asked when pods of a run with several shards go that nobody has stopped",
        ["jobs get"] = "read when a Job that is to be made exists already",
        ["events update"] = "an event that happens again is counted up",
        ["finetuneruns delete"] = "no such run has a time to live here",
        ["refineruns delete"] = "as above",
        ["refineruns get"] = "no such run is made here",
        ["refineruns/status update"] = "as above",
    };

    [Fact]
    public async Task GeneratedRoles_AreEnough_AndNoMoreThanNeeded()
    {
        var kubeconfig = Path.Combine(Path.GetDirectoryName(cluster.Kubeconfig)!, $"account-{Guid.NewGuid():N}");
        await using var o = await OperatorInCluster.StartAsync(cluster, options =>
            options with { Kubeconfig = kubeconfig, LeaderElect = true }, start: false);
        var rules = RbacRules.Of(typeof(Hosting.OperatorHost).Assembly);
        await GrantAsync(o, rules);
        await File.WriteAllTextAsync(kubeconfig, await KubeconfigAsync(o));
        var recorder = new RequestRecorder();
        await o.StartAsync(recorder);

        await LiveAsync(o);
        await o.StopAsync();        // gives the lease back

        Assert.Empty(recorder.Denied);
        string[] granted = [.. rules.Values.SelectMany(list => list).SelectMany(rule =>
            from resource in rule!["resources"]!.AsArray()
            from verb in rule["verbs"]!.AsArray()
            select $"{resource} {verb}")];
        var unused = granted.Except(recorder.Used.Select(r => $"{r.Resource} {r.Verb}")).Except(NotUsedHere.Keys);
        Assert.Empty(unused);
    }

    /// <summary>Most of what can happen to runs.</summary>
    private static async Task LiveAsync(OperatorInCluster o)
    {
        var tune = await o.ApplyAsync(Make.FineTune());
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Waiting);
        var (run, pod) = await o.RunningAsync(s => s with { TtlSecondsAfterFinished = 3600 });
        Assert.Equal(HttpStatusCode.Accepted, (await o.PostAsync(await o.TokenAsync(pod), o.Report(pod, run, 10, 50))).StatusCode);

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = true } });
        await o.RunAsync<SamplingRunEntity>("s", s => Conditions.Find(s.Conditions, Conditions.Ready)?.Reason == Reasons.Suspended,
            "is suspended");
        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { suspend = false } });
        await o.FinishAsync(run);
        await o.PhaseAsync<SamplingRunEntity>("s", RunPhase.Succeeded);
        await o.FinishAsync(tune);
        await o.PhaseAsync<FineTuneRunEntity>("f", RunPhase.Succeeded);

        // A Job of a queue is deleted when its run is suspended.
        var queued = await o.ApplySamplingAsync("q", s => s with { QueueName = "gpus" });
        var job = await o.JobAsync("q-srun");
        await o.PatchAsync<SamplingRunEntity>("q", new { spec = new { suspend = true } });
        await Until.HoldsAsync<V1Job>(o.Client, o.Namespace, "q-srun", j => j?.Metadata.Uid != job.Metadata.Uid, "is gone");
        Assert.NotNull(queued.Metadata.Uid);

        await o.PatchAsync<SamplingRunEntity>("s", new { spec = new { ttlSecondsAfterFinished = 0 } });
        await Until.HoldsAsync<SamplingRunEntity>(o.Client, o.Namespace, "s", r => r is null, "is deleted");
    }

    private static async Task GrantAsync(OperatorInCluster o, IReadOnlyDictionary<RbacScope, JsonArray> rules)
    {
        await o.Client.CreateAsync(new V1ServiceAccount
        {
            Metadata = new V1ObjectMeta
            {
                Name = Account,
                NamespaceProperty = o.Namespace
            }
        });
        foreach (var (scope, list) in rules)
        {
            var clusterWide = scope == RbacScope.Cluster;
            string name = $"{o.Namespace}-{scope.ToString().ToLowerInvariant()}", kind = clusterWide ? "ClusterRole" : "Role";
            await CreateAsync(kind, new JsonObject { ["rules"] = list.DeepClone() });
            await CreateAsync(kind + "Binding", new JsonObject
            {
                ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = name },
                ["subjects"] = new JsonArray(new JsonObject
                {
                    ["kind"] = "ServiceAccount",
                    ["name"] = Account,
                    ["namespace"] = o.Namespace
                }),
            });

            async Task CreateAsync(string of, JsonObject content)
            {
                content["apiVersion"] = "rbac.authorization.k8s.io/v1";
                content["kind"] = of;
                content["metadata"] = new JsonObject { ["name"] = name };
                var plural = of.ToLowerInvariant() + "s";
                if (clusterWide) await o.Client.ApiClient.CustomObjects.CreateClusterCustomObjectAsync(content,
                    "rbac.authorization.k8s.io", "v1", plural);
                else await o.Client.ApiClient.CustomObjects.CreateNamespacedCustomObjectAsync(content, "rbac.authorization.k8s.io",
                    "v1", o.Namespace, plural);
            }
        }
    }

    private async Task<string> KubeconfigAsync(OperatorInCluster o)
    {
        var token = await o.Client.ApiClient.CoreV1.CreateNamespacedServiceAccountTokenAsync(
            new Authenticationv1TokenRequest { Spec = new V1TokenRequestSpec { Audiences = [], ExpirationSeconds = 3600 } }, Account,
                o.Namespace);
        var config = YamlJson.ToJson(await File.ReadAllTextAsync(cluster.Kubeconfig), "kubeconfig")[0]!;
        config["users"]![0]!["user"] = new JsonObject { ["token"] = token.Status.Token };
        config["contexts"]![0]!["context"]!["namespace"] = o.Namespace;
        return YamlJson.Write(config);
    }
}
