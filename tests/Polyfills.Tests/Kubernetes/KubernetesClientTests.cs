using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.AspNetCore.Http;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public class KubernetesClientTests
{
    [Fact]
    public async Task Objects_AreCreatedReadReplacedDeleted()
    {
        await using var server = await FakeApiServer.StartAsync();
        using var client = new k8s.Kubernetes(server.Config);
        var created = await client.BatchV1.CreateNamespacedJobAsync(new V1Job { Metadata = new V1ObjectMeta { Name = "j" }, Spec = new V1JobSpec { Completions = 2 } }, "ns", fieldManager: "me");
        Assert.Equal(2, created.Spec.Completions);
        created.Spec.Parallelism = 3;
        await client.BatchV1.ReplaceNamespacedJobAsync(created, "j", "ns");
        var read = await client.BatchV1.ReadNamespacedJobAsync("j", "ns");
        Assert.Equal((3, 2L), (read.Spec.Parallelism, read.Generation()));
        Assert.Single((await client.BatchV1.ListJobForAllNamespacesAsync(limit: 5)).Items);
        Assert.Equal("Success", (await client.BatchV1.DeleteNamespacedJobAsync("j", "ns", propagationPolicy: "Background")).Status);
        Assert.Contains("POST /apis/batch/v1/namespaces/ns/jobs?fieldManager=me", server.Requests);
        Assert.Contains("DELETE /apis/batch/v1/namespaces/ns/jobs/j?propagationPolicy=Background", server.Requests);
    }

    [Fact]
    public async Task Error_CarriesTheAnswer()
    {
        await using var server = await FakeApiServer.StartAsync();
        using var client = new k8s.Kubernetes(server.Config);
        var error = await Assert.ThrowsAsync<HttpOperationException>(() => client.CoreV1.ReadNamespacedConfigMapAsync("nope", "ns"));
        Assert.Equal(HttpStatusCode.NotFound, error.Response.StatusCode);
        Assert.Equal("NotFound", KubernetesJson.Deserialize<V1Status>(error.Response.Content).Reason);
        Assert.Equal(HttpMethod.Get, error.Request.Method);
    }

    [Theory]
    [InlineData(V1Patch.PatchType.MergePatch, "application/merge-patch+json")]
    [InlineData(V1Patch.PatchType.JsonPatch, "application/json-patch+json")]
    [InlineData(V1Patch.PatchType.StrategicMergePatch, "application/strategic-merge-patch+json")]
    [InlineData(V1Patch.PatchType.ApplyPatch, "application/apply-patch+yaml")]
    public async Task Patch_HasItsMediaType(V1Patch.PatchType type, string mediaType)
    {
        await using var server = await FakeApiServer.StartAsync();
        string? seen = null;
        server.Intercept = c =>
        {
            seen = c.Request.ContentType;
            return Results.Json(new { metadata = new { name = "x" } });
        };
        using var client = new k8s.Kubernetes(server.Config);
        var answer = await client.CustomObjects.PatchNamespacedCustomObjectStatusAsync<V1ConfigMap>(new V1Patch("{}", type), "g.io", "v1", "ns", "things", "x", fieldManager: "me", force: true);
        Assert.Equal("x", answer.Name());
        Assert.StartsWith(mediaType, seen);
        Assert.Equal("PATCH /apis/g.io/v1/namespaces/ns/things/x/status?fieldManager=me&force=true", server.Requests.Single());
    }

    [Fact]
    public async Task CustomAuthority_TokenAndClientCertificate_AreUsed()
    {
        using var authority = Certificates.Authority();
        using var serverCertificate = Certificates.Issue(authority, "CN=server");
        using var clientCertificate = Certificates.Issue(authority, "CN=alice, O=devs");
        await using var server = await FakeApiServer.StartAsync(serverCertificate, clientCertificates: true);
        (string? Token, string? Subject, string? Protocol) seen = default;
        server.Intercept = c =>
        {
            seen = (c.Request.Headers.Authorization, c.Connection.ClientCertificate?.Subject, c.Request.Protocol);
            return Results.Json(new { gitVersion = "v1.36.2" });
        };
        var config = new KubernetesClientConfiguration
        {
            Host = server.Url,
            SslCaCerts = [X509CertificateLoader.LoadCertificate(authority.RawData)],
            AccessToken = "abc",
            ClientCertificateData = Base64(clientCertificate.ExportCertificatePem()),
            ClientCertificateKeyData = Base64(clientCertificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
        };
        using var client = new k8s.Kubernetes(config);
        Assert.Equal("v1.36.2", (await client.Version.GetCodeAsync()).GitVersion);
        Assert.Equal(("Bearer abc", "CN=alice, O=devs", "HTTP/2"), seen);

        config.SslCaCerts = [Certificates.Authority("CN=another")];
        using var distrustful = new k8s.Kubernetes(config);
        await Assert.ThrowsAsync<HttpRequestException>(() => distrustful.Version.GetCodeAsync());
    }

    [Fact]
    public async Task SlowAnswer_RunsIntoTheTimeout()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Intercept = c =>
        {
            c.RequestAborted.WaitHandle.WaitOne();
            return null;
        };
        var config = server.Config;
        config.HttpClientTimeout = TimeSpan.FromMilliseconds(100);
        using var client = new k8s.Kubernetes(config);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.CoreV1.ListNamespacedPodAsync("ns"));
    }

    [Fact]
    public async Task EmptyName_IsRefused()
    {
        await using var server = await FakeApiServer.StartAsync();
        using var client = new k8s.Kubernetes(server.Config);
        await Assert.ThrowsAsync<ArgumentException>(() => client.CoreV1.DeleteNamespacedPodAsync("", "ns"));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Watch_YieldsEvents_AndReportsStatus()
    {
        await using var server = await FakeApiServer.StartAsync();
        using var client = new k8s.Kubernetes(server.Config);
        server.Put("/api/v1/namespaces/ns/pods", Named("a"));
        using var stop = new CancellationTokenSource();
        var seen = new List<(WatchEventType, string)>();
        await foreach (var (type, pod) in client.CoreV1.WatchListNamespacedPodAsync("ns", cancellationToken: stop.Token))
        {
            seen.Add((type, pod.Name()));
            if (seen.Count == 1)
            {
                server.Put("/api/v1/namespaces/ns/pods", Named("a"));
                server.Remove("/api/v1/namespaces/ns/pods", "a");
            }
            else if (seen.Count == 3)
            {
                break;
            }
        }

        Assert.Equal([(WatchEventType.Added, "a"), (WatchEventType.Modified, "a"), (WatchEventType.Deleted, "a")], seen);

        server.Compact();
        var errors = new List<Exception>();
        await foreach (var _ in client.CoreV1.WatchListNamespacedPodAsync("ns", resourceVersion: "1", onError: errors.Add))
        {
            Assert.Fail("no event was expected");
        }

        Assert.Equal(410, Assert.IsType<KubernetesException>(Assert.Single(errors)).Status.Code);
    }

    [Fact]
    public async Task Watcher_CallsBack()
    {
        await using var server = await FakeApiServer.StartAsync();
        using var client = new k8s.Kubernetes(server.Config);
        server.Put("/api/v1/namespaces/ns/pods", Named("a"));
        var names = new List<string>();
        var closed = false;
        using var watcher = client.CoreV1.WatchListNamespacedPod("ns", onEvent: (_, p) => names.Add(p.Name()), onClosed: () => closed = true);
        await Eventually.TrueAsync(() => names.Count == 1);
        server.EndWatches(true);
        await Eventually.TrueAsync(() => closed && !watcher.Watching);
    }

    [Fact]
    public async Task WatchLine_ThatCannotBeRead_IsReportedAndPassedOver()
    {
        var lines = """
            {"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}
            {"type":"ADDED","object":{"kind":"Pod","metadata":{"name":7}}}
            {"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"}}}
            {"type":"MODI
            """;
        var errors = new List<Exception>();
        var events = new List<WatchEventType>();
        await foreach (var (type, _) in Watcher<V1Pod>.CreateWatchEventEnumerator(() => Task.FromResult<TextReader>(new StringReader(lines)), errors.Add))
        {
            events.Add(type);
        }

        Assert.Equal([WatchEventType.Added, WatchEventType.Bookmark], events);
        Assert.Equal(2, errors.Count);
    }

    [Fact]
    public async Task Log_IsAStream()
    {
        await using var server = await FakeApiServer.StartAsync();
        server.Intercept = _ => Results.Text("one\ntwo\n");
        using var client = new k8s.Kubernetes(server.Config);
        using var reader = new StreamReader(await client.CoreV1.ReadNamespacedPodLogAsync("p", "ns", container: "main", tailLines: 2));
        Assert.Equal("one\ntwo\n", await reader.ReadToEndAsync());
        Assert.Equal("GET /api/v1/namespaces/ns/pods/p/log?container=main&tailLines=2", server.Requests.Single());
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static System.Text.Json.Nodes.JsonObject Named(string name) => new() { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["name"] = name, ["namespace"] = "ns" } };
}
