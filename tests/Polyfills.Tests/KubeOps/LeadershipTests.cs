using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Queue;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LightReasoner.Polyfills.Tests.KubeOps;

public sealed class LeadershipTests : IAsyncLifetime
{
    private const string Leases = "/apis/coordination.k8s.io/v1/namespaces/system/leases";
    private readonly ThingLog first = new();
    private readonly ThingLog second = new();
    private FakeApiServer server = null!;

    public async ValueTask InitializeAsync() => server = await FakeApiServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Shutdown_ReleasesTheLease_AndTheOtherTakesOver()
    {
        server.Put(Thing.Collection, Thing.Json("a"));
        var one = await ThingOperator.StartAsync(server, first, Elected);
        await Eventually.TrueAsync(() => first.Count("reconcile") == 1);
        await using var two = await ThingOperator.StartAsync(server, second, Elected);
        await Task.Delay(500);
        Assert.Empty(second.Calls);
        var queue = two.Services.GetRequiredService<EntityQueue<Thing>>();
        Assert.False(await queue(new Thing(), ReconciliationType.Modified, ReconciliationTriggerSource.Operator, TimeSpan.Zero, 0, default));

        await one.DisposeAsync();
        await Eventually.TrueAsync(() => second.Count("reconcile") == 1);      // well before the lease would have run out
        Assert.NotEqual("", (string?)Lease()["spec"]!["holderIdentity"]);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", (string?)Lease()["spec"]!["renewTime"]);
    }

    [Fact]
    public async Task LosingTheLease_StopsTheWork_AndItIsTakenUpAgain()
    {
        var cancelled = 0;
        first.OnReconcile = async (t, ct) =>
        {
            if (first.Calls.Count == 1)
            {
                try
                {
                    await Task.Delay(TimeSpan.FromMinutes(5), ct);
                }
                catch (OperationCanceledException)
                {
                    cancelled++;
                    throw;
                }
            }

            return ReconciliationResult<Thing>.Success(t);
        };
        server.Put(Thing.Collection, Thing.Json("a"));
        await using var one = await ThingOperator.StartAsync(server, first, s => s.WithLeaderElection(LeaderElectionType.Single)
            .WithLeaderElectionTimings(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.2)));
        await Eventually.TrueAsync(() => !first.Calls.IsEmpty);
        server.Intercept = c => c.Request.Path.Value!.Contains("/leases") ? Results.StatusCode(500) : null;
        await Eventually.TrueAsync(() => cancelled == 1);
        server.Intercept = null;
        await Eventually.TrueAsync(() => first.Calls.Count >= 2);
    }

    private static void Elected(OperatorSettingsBuilder settings) => settings.WithLeaderElection(LeaderElectionType.Single)
        .WithLeaderElectionTimings(TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(0.2));

    private System.Text.Json.Nodes.JsonObject Lease() => Assert.Single(server.All(Leases));
}
