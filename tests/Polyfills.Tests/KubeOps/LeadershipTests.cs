using k8s.Models;
using KubeOps.Abstractions.Builder;
using KubeOps.Abstractions.Reconciliation;
using KubeOps.Abstractions.Reconciliation.Queue;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LightReasoner.Polyfills.Tests.KubeOps;

public sealed class LeadershipTests : IAsyncLifetime
{
    private readonly ThingLog first = new();
    private FakeApiServer server = null!;

    public async ValueTask InitializeAsync() => server = await FakeApiServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

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
}
