using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using KubeOps.Abstractions.Events;
using KubeOps.KubernetesClient;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LightReasoner.Polyfills.Tests.KubeOps;

public sealed class KubeOpsClientTests : IAsyncLifetime
{
    private FakeApiServer server = null!;
    private IKubernetesClient client = null!;

    public async ValueTask InitializeAsync()
    {
        server = await FakeApiServer.StartAsync();
        client = new global::KubeOps.KubernetesClient.KubernetesClient(server.Config, new Kubernetes(server.Config));
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Entities_AreSavedAndRead()
    {
        Assert.Null(await client.GetAsync<Thing>("a", "ns"));
        var saved = await client.CreateAsync(new Thing
        {
            Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "ns" },
            Spec = new ThingSpec { Size = 1 }
        });
        Assert.Equal(("test.io/v1", "Thing"), (saved.ApiVersion, saved.Kind));
        saved.Spec.Size = 2;
        await client.UpdateAsync(saved);
        var read = (await client.GetAsync<Thing>("a", "ns"))!;
        Assert.Equal(2, read.Spec.Size);
        read.Status = new ThingStatus { SeenSize = 2 };
        read.Spec.Size = 77;
        await client.UpdateStatusAsync(read);
        var after = (await client.GetAsync<Thing>("a", "ns"))!;
        Assert.Equal((2, 2), (after.Spec.Size, after.Status.SeenSize));
        await Assert.ThrowsAsync<HttpOperationException>(() => client.UpdateAsync(read));       // an old resource version
        await client.DeleteAsync<Thing>("a", "ns");
        await client.DeleteAsync<Thing>("a", "ns");
        Assert.Null(await client.GetAsync<Thing>("a", "ns"));
    }

    [Fact]
    public async Task Lists_AreReadToTheirEnd()
    {
        server.PageLimit = 7;
        for (var i = 0; i < 30; i++)
        {
            server.Put($"/apis/batch/v1/namespaces/n{i % 2}/jobs",
                new JsonObject { ["metadata"] = new JsonObject { ["name"] = $"j{i}", ["namespace"] = $"n{i % 2}" } });
        }

        var jobs = await client.ListAsync<V1Job>(labelSelector: "a=b,c in (d)");
        Assert.Equal(30, jobs.Count);
        Assert.All(jobs, j => Assert.Equal("batch/v1", j.ApiVersion));
        Assert.Equal(15, (await client.ListAsync<V1Job>("n1")).Count);
        Assert.Contains(server.Requests, r => r.Contains("labelSelector=a%3Db%2Cc%20in%20%28d%29"));
    }

    [Fact]
    public async Task SameEvent_IsCounted_AnotherIsNew()
    {
        await using var running = await ThingOperator.StartAsync(server, new ThingLog());
        var publish = running.Services.GetRequiredService<EventPublisher>();
        var about = new Thing { Metadata = new V1ObjectMeta { Name = "a", NamespaceProperty = "ns", Uid = "u" } }.Initialize();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => publish(about, "Started", "It runs.")));
        await publish(about, "Failed", new string('é', 2000), EventType.Warning);
        var events = server.All("/api/v1/namespaces/ns/events").Select(e => KubernetesJson.Deserialize<Corev1Event>(e.ToJsonString()))
            .OrderBy(e => e.Reason).ToList();
        Assert.Equal(["Failed", "Started"], events.Select(e => e.Reason));
        Assert.Equal(("Warning", 1), (events[0].Type, events[0].Count));
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(events[0].Message), 900, 1024);
        Assert.Equal((3, "Thing", "a", "kubernetesoperator"),
            (events[1].Count, events[1].InvolvedObject.Kind, events[1].InvolvedObject.Name, events[1].Source.Component));
        Assert.Matches("^a\\.[0-9a-f]{20}$", events[1].Name());
    }

    [Fact]
    public async Task EventThatCannotBeWritten_DoesNotThrow()
    {
        await using var running = await ThingOperator.StartAsync(server, new ThingLog());
        server.Intercept = c => c.Request.Path.Value!.Contains("/events") ? Results.StatusCode(403) : null;
        await running.Services.GetRequiredService<EventPublisher>()(new Thing { Metadata = new V1ObjectMeta { Name = "a" } }, "R", "m");
    }
}
