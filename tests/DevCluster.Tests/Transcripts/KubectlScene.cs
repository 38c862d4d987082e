using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>A server for the recorded commands of kubectl, and what was done between and during them without kubectl.</summary>
internal sealed partial class KubectlScene : IAsyncDisposable
{
    public const string Namespace = "team";

    private const string Runs = $"/apis/lightreasoner.io/v1alpha1/namespaces/{Namespace}/samplingruns",
        Core = $"/api/v1/namespaces/{Namespace}",
        Job = $"/apis/batch/v1/namespaces/{Namespace}/jobs/kj", JobPods = $"{Core}/pods?labelSelector=job-name%3Dkj";

    /// <summary>Makes kubectl log its requests.</summary>
    private const string Talkative = "-v=6";

    private const string Ready =
        """{"type":"Ready","status":"True","reason":"Because","message":"it is so","lastTransitionTime":"2024-01-01T00:00:00Z"}""";

    /// <summary>Commands during which something is done.</summary>
    private static readonly string[] Accompanied = ["wait-jsonpath", "wait-condition-later", "wait-delete", "wait-job", "delete-waits"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DevServer server;
    private readonly HttpClient client;

    private KubectlScene(DevServer server)
    {
        this.server = server;
        client = server.AdministratorClient();
    }

    private string Definition => SharedFolder.Of("apiserver/fixtures/samplingruns.json");

    /// <summary>The oldest that is supported; newer ones word some lines otherwise than the recorded 1.32 and 1.33.</summary>
    private static string Kubectl { get; } = RepositoryFolder.Of(".cache", "kubectl", "v31", "kubectl");

    public static async Task<KubectlScene> StartAsync()
    {
        Assert.SkipUnless(File.Exists(Kubectl), $"{Kubectl} is missing; eng/install-tools.sh test installs it");
        var scene = new KubectlScene(await DevServer.Start(workloads: true));
        var version = JsonNode.Parse((await scene.KubectlAsync(["version", "--client", "-o", "json"])).Output)
            .Text("clientVersion", "minor")!;
        if (int.Parse(version.TrimEnd('+'), CultureInfo.InvariantCulture) < 31)
        {
            await scene.DisposeAsync();
            Assert.Skip($"the recorded commands are of kubectl 1.32; this one is 1.{version}");
        }

        await scene.SendAsync("POST", "/api/v1/namespaces", $$$"""{"metadata":{"name":"{{{Namespace}}}"}}""");
        await scene.SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            await File.ReadAllTextAsync(scene.Definition));
        await DevServer.UntilServedAsync(scene.client, Runs);
        await scene.KubectlAsync(["config", "set-context", "--current", $"--namespace={Namespace}"]);
        return scene;
    }

    /// <param name="name">Name of the command.</param>
    /// <param name="arguments">What follows <c>kubectl</c>.</param>
    /// <param name="files">Files that it reads, if they are new.</param>
    /// <param name="lines">Lines after which it is interrupted; null for a command that ends by itself.</param>
    /// <returns>The exit code, null for a command that was interrupted, and what it wrote.</returns>
    public async Task<(int? Code, string Output, string Error)> RunAsync(string name, IEnumerable<string> arguments,
        JsonObject? files, int? lines)
    {
        foreach (var (file, text) in files ?? [])
            Write(file, text.Text()!);
        await BeforeAsync(name);
        if (lines is { } count)
            return await WatchAsync(name, arguments, count);
        return await KubectlAsync(arguments, Accompanied.Contains(name) ? () => DuringAsync(name) : null);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    private async Task BeforeAsync(string name)
    {
        switch (name)
        {
            case "apply-no-validate":
                Write("bad.yaml", Run("bad", 2));
                await KubectlAsync(["apply", "-f", "bad.yaml"]);
                Write("bad.yaml", Run("bad", 3));
                break;
            case "apply-crd":
                Write("crd.yaml", await File.ReadAllTextAsync(Definition));
                break;
            case "get-list":
                await SendAsync("POST", Runs, Run("second", 3));
                await SendAsync("POST", Runs, Run("gen-", 3).Replace("\"name\"", "\"generateName\"", StringComparison.Ordinal));
                await MergeAsync($"{Runs}/ss", """{"spec":{"samples":9}}""");
                await StatusAsync($$"""{"phase":"Running","acceptance":0.5,"startTime":"2024-01-01T00:00:00Z","conditions":[{{Ready}}]}""");
                break;
            case "get-pod":
                await SendAsync("POST", $"{Core}/pods",
                """{"metadata":{"name":"kp"},"spec":{"containers":[{"name":"main","image":"registry.local/sampler:1"}]}}""");
                break;
            case "describe-cr":
                await MergeAsync($"{Runs}/first", """{"spec":{"samples":11}}""");
                break;
            case "logs-job":
                await MergeAsync(Job, """{"spec":{"suspend":false}}""");
                for (var i = 0; i < 3000 && (await SendAsync("GET", JobPods)).ArrayAt("items")?.Count != 2; i++)
                    await Task.Delay(50);
                break;
            case "events":
                await SendAsync("POST", $"{Core}/events", $$"""
                    {"metadata":{"name":"first.1"},"reason":"Started","message":"Sampling started","type":"Normal","count":1,"firstTimestamp":"2024-01-01T00:00:00Z",
                     "lastTimestamp":"2024-01-01T00:00:00Z","involvedObject":{"apiVersion":"lightreasoner.io/v1alpha1","kind":"SamplingRun","namespace":"{{Namespace}}","name":"first"} }
                    """);
                break;
            case "delete-waits":
                await SendAsync("POST", Runs, Run("hold", 3)
                    .Replace("\"name\"", "\"finalizers\":[\"x.io/hold\"],\"name\"", StringComparison.Ordinal));
                break;
            case "delete-all":
                await SendAsync("DELETE", Runs);
                await SendAsync("POST", Runs, Run("x1", 3));
                await SendAsync("POST", Runs, Run("x2", 3));
                break;
        }
    }

    private async Task DuringAsync(string name)
    {
        switch (name)
        {
            case "get-watch" or "wait-jsonpath":
                await StatusAsync("""{"phase":"Succeeded"}""");
                break;
            case "get-watch-one":
                await StatusAsync("""{"phase":"Running"}""");
                break;
            case "wait-condition-later":
                await StatusAsync($$"""{"conditions":[{{Ready}},{{Ready.Replace("Ready", "Done", StringComparison.Ordinal)}}]}""");
                break;
            case "wait-delete":
                await SendAsync("DELETE", $"{Runs}/created");
                break;
            case "wait-job":
                foreach (var pod in (await SendAsync("GET", JobPods)).ArrayAt("items") ?? [])
                    await MergeAsync($"{Core}/pods/{pod.Text("metadata", "name")}/status", """{"status":{"phase":"Succeeded"}}""");
                break;
            case "delete-waits":
                await MergeAsync($"{Runs}/hold", """{"metadata":{"finalizers":null}}""");
                break;
        }
    }

    private static string Run(string name, int samples) => new JsonObject
    {
        ["apiVersion"] = "lightreasoner.io/v1alpha1",
        ["kind"] = "SamplingRun",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["expert"] = "small", ["samples"] = samples, ["sampler"] = new JsonObject { ["kind"] = "Greedy" } },
    }.ToJsonString();

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(server.Folder, file), text);

    private Task StatusAsync(string status) => MergeAsync($"{Runs}/first/status", $$"""{"status":{{status}} }""");

    private Task MergeAsync(string path, string patch) => SendAsync("PATCH", path, patch, "application/merge-patch+json");

    private async Task<JsonNode> SendAsync(string method, string path, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, type);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new HttpRequestException($"{method} {path}: {text}");
    }

    /// <summary>What a watch shows: what there is, then, by its last line, what is changed.</summary>
    private async Task<(int? Code, string Output, string Error)> WatchAsync(string name, IEnumerable<string> arguments, int lines)
    {
        using var process = Start([.. arguments, Talkative]);
        using var limit = new CancellationTokenSource(Patience);
        var error = ErrorsAsync(process, () => DuringAsync(name), limit.Token);
        var output = new StringBuilder();
        for (var i = 0; i < lines; i++)
            output.Append(await process.StandardOutput.ReadLineAsync(limit.Token)).Append('\n');
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync(limit.Token);
        return (null, output.ToString(), await error);
    }

    /// <param name="arguments">What follows <c>kubectl</c>.</param>
    /// <param name="meanwhile">Done as soon as it watches for what it waits for.</param>
    private async Task<(int? Code, string Output, string Error)> KubectlAsync(IEnumerable<string> arguments, Func<Task>? meanwhile = null)
    {
        using var process = Start(meanwhile is null ? arguments : [.. arguments, Talkative]);
        using var limit = new CancellationTokenSource(Patience);
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = ErrorsAsync(process, meanwhile, limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>
    /// What it writes to standard error, but for the log of its requests, which tells when the server has taken up its watch.
    /// </summary>
    private static async Task<string> ErrorsAsync(Process process, Func<Task>? whenItWatches, CancellationToken limit)
    {
        var text = new StringBuilder();
        var watches = false;
        while (await process.StandardError.ReadLineAsync(limit) is { } line)
        {
            if (whenItWatches is null || !LogLine().IsMatch(line))
            {
                text.Append(line).Append('\n');
            }
            else if (!watches && line.Contains("watch=true", StringComparison.Ordinal))
            {
                watches = true;
                await whenItWatches();
            }
        }

        return text.ToString();
    }

    [GeneratedRegex(@"^I\d{4} ")]
    private static partial Regex LogLine();

    private Process Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Kubectl, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = server.Folder
        };
        start.Environment["KUBECONFIG"] = server.Kubeconfig;
        start.Environment["HOME"] = server.Folder;
        start.Environment["KUBE_EDITOR"] = "sed -i s/samples:.12/samples:\\ 13/";
        return Process.Start(start)!;
    }
}
