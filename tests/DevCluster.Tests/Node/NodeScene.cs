using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

/// <summary>An API server, a Job controller and a node that runs /bin/sh as image <c>shell</c>; a namespace of its own per test.</summary>
internal sealed class NodeScene : IAsyncDisposable
{
    /// <summary>Much longer than anything takes, also on a machine that is busy: only what never comes runs into it.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource nodeEnd = new();
    private readonly TestApiServer server;
    private readonly string data = Directory.CreateTempSubdirectory("node-").FullName;
    private Task node = Task.CompletedTask;

    private NodeScene(TestApiServer server)
    {
        this.server = server;
        Api = ApiClient.FromKubeconfig(server.Kubeconfig);
    }

    public ApiClient Api { get; }

    public string Data => data;

    public string NodeName { get; } = $"node-{Guid.NewGuid():N}"[..12];

    public string Namespace { get; } = "default";

    public static async Task<NodeScene> StartAsync(Func<NodeOptions, NodeOptions>? set = null, bool node = true)
    {
        var scene = new NodeScene(await TestApiServer.StartAsync());
        if (node) await scene.StartNodeAsync(set);
        return scene;
    }

    public async Task StartNodeAsync(Func<NodeOptions, NodeOptions>? set = null)
    {
        var options = new NodeOptions
        {
            Kubeconfig = server.Kubeconfig,
            DataDirectory = data,
            Name = NodeName,
            Images = new Dictionary<string, string> { ["shell"] = "/bin/sh" },
            ShutdownGrace = TimeSpan.FromSeconds(2),
        };
        var ready = new TaskCompletionSource();
        node = ProcessNode.RunAsync(set?.Invoke(options) ?? options, nodeEnd.Token, ready: ready.SetResult);
        await (await Task.WhenAny(ready.Task, node)).WaitAsync(Bound);
    }

    public async Task StopNodeAsync()
    {
        await nodeEnd.CancelAsync();
        await node.WaitAsync(Bound);
    }

    public async ValueTask DisposeAsync()
    {
        await StopNodeAsync();
        Api.Dispose();
        await server.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    /// <summary>
    /// Makes a Pod with one container "main" that runs a script; <paramref name="spec"/> adds to the Pod's spec,
    /// <paramref name="container"/> to the container's.
    /// </summary>
    public Task<JsonObject> Pod(string name, string script, string spec = "{}", string container = "{}", string annotations = "{}")
    {
        var main = (JsonObject)JsonNode.Parse(container)!;
        main["name"] = "main";
        main["image"] ??= "shell:1";
        main["command"] = new JsonArray("sh", "-c", script);
        var body = (JsonObject)JsonNode.Parse(spec)!;
        body["restartPolicy"] ??= "Never";
        body["containers"] = new JsonArray(main);
        return Create(Resource.Pods, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name, ["annotations"] = JsonNode.Parse(annotations) },
            ["spec"] = body
        });
    }

    /// <summary>Makes a Job whose Pods run a script.</summary>
    public Task<JsonObject> Job(string name, string script, string spec = "{}")
    {
        var body = (JsonObject)JsonNode.Parse(spec)!;
        body["template"] = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["restartPolicy"] = "Never",
                ["terminationGracePeriodSeconds"] = 1,
                ["containers"] = new JsonArray(new JsonObject
                {
                    ["name"] = "main",
                    ["image"] = "shell:1",
                    ["command"] = new JsonArray("sh", "-c", script)
                }),
            },
        };
        return Create(Resource.Jobs, new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = body
        });
    }

    public Task<JsonObject> Create(Resource resource, JsonObject body) => Api.CreateAsync(resource.Collection(Namespace), body);

    public Task<JsonObject> Create(Resource resource, string body) => Create(resource, (JsonObject)JsonNode.Parse(body)!);

    public Task<JsonObject> PodUntil(string name, Func<JsonObject, bool> reached, JsonObject? since = null) =>
        Until(Resource.Pods, name, reached, since);

    public Task<JsonObject> PodEnds(string name, JsonObject? since = null) =>
        PodUntil(name, p => p.Text("status", "phase") is "Succeeded" or "Failed", since);

    /// <summary>
    /// The first state of an object for which a condition holds, seen by watching: from a known state on, so that one which soon
    /// goes away is not missed, or from the present one.
    /// </summary>
    public async Task<JsonObject> Until(Resource resource, string name, Func<JsonObject, bool> reached, JsonObject? since = null)
    {
        using var bound = new CancellationTokenSource(Bound);
        var last = since;
        try
        {
            var version = since?.Text("metadata", "resourceVersion");
            if (version is null)
            {
                var list = await Api.ListAsync(resource.Collection(Namespace), bound.Token);
                version = list.ResourceVersion;
                last = list.Items.FirstOrDefault(o => o.Name() == name);
                if (last is not null && reached(last)) return last;
            }
            await foreach (var change in Api.WatchAsync(resource.Collection(Namespace), version, bound.Token))
            {
                if (change.Type is "BOOKMARK" or "DELETED" || change.Object.Name() != name) continue;
                last = change.Object;
                if (reached(last)) return last;
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }
        throw new TimeoutException($"{resource.Plural} {name} did not get there within {Bound}; last seen: "
            + $"{last?["status"]?.ToJsonString()}");
    }

    /// <summary>Waits until an object is gone.</summary>
    public async Task Gone(Resource resource, string name)
    {
        using var bound = new CancellationTokenSource(Bound);
        var list = await Api.ListAsync(resource.Collection(Namespace), bound.Token);
        if (list.Items.All(o => o.Name() != name)) return;
        await foreach (var change in Api.WatchAsync(resource.Collection(Namespace), list.ResourceVersion, bound.Token))
        {
            if (change.Type == "DELETED" && change.Object.Name() == name) return;
        }
    }

    /// <summary>The answer of the node's log endpoint.</summary>
    public async Task<HttpResponseMessage> Log(string pod, string query = "")
    {
        var node = await Api.GetAsync(Resource.Nodes.Object(null, NodeName));
        using var http = new HttpClient(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
            UseProxy = false,
        });
        return await http.GetAsync(
            $"https://127.0.0.1:{node
                .Int("status", "daemonEndpoints", "kubeletEndpoint", "Port")}/containerLogs/{Namespace}/{pod}/main?{query}");
    }

    public async Task<string> LogText(string pod, string query = "") => await (await Log(pod, query)).Content.ReadAsStringAsync();
}
