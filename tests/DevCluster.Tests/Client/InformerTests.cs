using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Threading.Channels;
using k8s;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace LightReasoner.DevCluster.Tests.Client;

public sealed class InformerTests : IAsyncLifetime
{
    private readonly ScriptedServer server = new();
    private readonly Channel<string> changes = Channel.CreateUnbounded<string>();
    private readonly CancellationTokenSource end = new();
    private readonly ApiClient api;
    private readonly Informer informer;
    private Task running = Task.CompletedTask;

    public InformerTests()
    {
        api = new ApiClient(new KubernetesClientConfiguration { Host = "http://scripted" }, handlers: server);
        informer = new Informer(api, "/api/v1/pods", TimeProvider.System, NullLogger.Instance)
        {
            Changed = c => changes.Writer.TryWrite($"{(c.Old is null ? "+" : c.New is null ? "-" : "*")}{c.Latest.Name()}"),
        };
    }

    public ValueTask InitializeAsync()
    {
        running = informer.RunAsync(end.Token);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await running.WaitAsync(TimeSpan.FromMinutes(3));
        api.Dispose();
    }

    [Fact]
    public async Task Run_ListThenWatch_EveryChangeOnceAndInOrder()
    {
        await server.List("10", "a@5", "b@7");
        var watch = await server.Watch("10");
        await watch.Send("MODIFIED", "a@11");
        await watch.Send("ADDED", "c@12");
        await watch.Send("DELETED", "b@13");
        Assert.Equal(["+a", "+b", "*a", "+c", "-b"], await Changes(5));
        Assert.Equal(["a", "c"], informer.Objects.Select(o => o.Name()).Order());
    }

    [Fact]
    public async Task Run_StreamCutOff_DeletionsInTheGapAreMadeUpFor()
    {
        await server.List("10", "a@5", "b@7");
        (await server.Watch("10")).Cut();
        await server.List("20", "b@7", "c@15");
        await server.Watch("20");
        Assert.Equal(["+a", "+b", "-a", "+c"], await Changes(4));
    }

    [Fact]
    public async Task Run_VersionForgotten_ListsAgain()
    {
        await server.List("10", "a@5");
        await (await server.Watch("10")).Line(
            """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}""");
        await server.List("30", "a@29");
        await server.Watch("30");
        Assert.Equal(["+a", "*a"], await Changes(2));
    }

    [Fact]
    public async Task Run_ServerAwayAndBackWithANewHistory_StartsAnew()
    {
        await server.List("1000", "a@900");
        (await server.Watch("1000")).Cut();
        await server.Refuse();
        await server.Refuse();
        await server.List("3", "a@2#other");
        await server.Watch("3");
        Assert.Equal(["+a", "-a", "+a"], await Changes(3));
    }

    [Fact]
    public async Task Run_Bookmark_MovesTheVersionOnly()
    {
        await server.List("10");
        var watch = await server.Watch("10");
        await watch.Line("""{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"50"}}}""");
        await watch.Send("ADDED", "a@51");
        Assert.Equal(["+a"], await Changes(1));
    }

    private async Task<List<string>> Changes(int count)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var seen = new List<string>();
        while (seen.Count < count) seen.Add(await changes.Reader.ReadAsync(bound.Token));
        return seen;
    }

    /// <summary>Answers requests in the order of the script; a request that comes out of order fails the step that waits for it.</summary>
    private sealed class ScriptedServer : DelegatingHandler
    {
        private readonly Channel<(HttpRequestMessage Request, TaskCompletionSource<HttpResponseMessage> Answer)> requests =
            Channel.CreateUnbounded<(HttpRequestMessage, TaskCompletionSource<HttpResponseMessage>)>();

        public async Task List(string version, params string[] items)
        {
            var (request, answer) = await Next();
            Assert.DoesNotContain("watch", request.RequestUri!.Query);
            answer.SetResult(Json(
                $$$"""{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}"},"items":[{{{string
                    .Join(',', items.Select(Item))}}}]}"""));
        }

        public async Task<ScriptedWatch> Watch(string version)
        {
            var (request, answer) = await Next();
            Assert.Contains($"resourceVersion={version}", request.RequestUri!.Query);
            var pipe = new Pipe();
            answer.SetResult(new HttpResponseMessage { Content = new StreamContent(pipe.Reader.AsStream()) });
            return new ScriptedWatch(pipe.Writer);
        }

        public async Task Refuse()
        {
            var (_, answer) = await Next();
            answer.SetException(new HttpRequestException("connection refused"));
        }

        public static string Item(string text)
        {
            var (name, version) = (text.Split('@')[0], text.Split('@')[1]);
            var uid = version.Contains('#') ? version.Split('#')[1] : "u";
            return $$$"""{"metadata":{"name":"{{{name}}}","namespace":"n","uid":"{{{name}}}-{{{uid}}}","resourceVersion":"{{{version
                .Split('#')[0]}}}"}}""";
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
            requests.Writer.TryWrite((request, answer));
            return answer.Task.WaitAsync(cancellationToken);
        }

        private static HttpResponseMessage Json(string body) =>
            new(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

        private ValueTask<(HttpRequestMessage Request, TaskCompletionSource<HttpResponseMessage> Answer)> Next() =>
            requests.Reader.ReadAsync(new CancellationTokenSource(TimeSpan.FromMinutes(3)).Token);
    }

    private sealed class ScriptedWatch(PipeWriter stream)
    {
        public Task Send(string type, string item) => Line($$$"""{"type":"{{{type}}}","object":{{{ScriptedServer.Item(item)}}}}""");

        public async Task Line(string line) => await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));

        public void Cut() => stream.Complete(new IOException("connection reset"));
    }
}
