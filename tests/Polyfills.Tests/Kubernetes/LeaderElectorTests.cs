using System.Net;
using k8s.Autorest;
using k8s.LeaderElection;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public class LeaderElectorTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Record record = new();

    [Fact]
    public async Task First_Leads_SecondWaitsUntilTheLeaseIsStale()
    {
        using var stop = new CancellationTokenSource();
        var (first, firstLock) = Elector("a");
        var firstRun = first.RunUntilLeadershipLostAsync(stop.Token);
        await Eventually.TrueAsync(() => first.IsLeader());
        var (second, _) = Elector("b");
        var secondRun = second.RunUntilLeadershipLostAsync(stop.Token);
        Advance(60);
        Assert.True(first.IsLeader());
        Assert.False(second.IsLeader());

        firstLock.Broken = true;
        Advance(13);
        await firstRun.WaitAsync(TimeSpan.FromMinutes(1));       // gives up after the renew deadline, before the lease is stale
        Assert.False(second.IsLeader());
        Advance(10);
        Assert.True(second.IsLeader());
        Assert.Equal(1, record.Value!.LeaderTransitions);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => secondRun);
    }

    [Fact]
    public async Task Released_IsTakenAtTheNextTry()
    {
        record.Value = new LeaderElectionRecord { HolderIdentity = "", LeaseDurationSeconds = 1, AcquireTime = DateTime.UnixEpoch, RenewTime = DateTime.UnixEpoch, LeaderTransitions = 4 };
        using var stop = new CancellationTokenSource();
        var (elector, _) = Elector("a");
        var run = elector.RunUntilLeadershipLostAsync(stop.Token);
        await Eventually.TrueAsync(() => elector.IsLeader());
        Assert.Equal(5, record.Value.LeaderTransitions);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task TakenByAnother_IsLostAtOnce()
    {
        var (elector, _) = Elector("a");
        var (started, stopped, leaders) = (0, 0, new List<string>());
        elector.OnStartedLeading += () => started++;
        elector.OnStoppedLeading += () => stopped++;
        elector.OnNewLeader += leaders.Add;
        var run = elector.RunUntilLeadershipLostAsync();
        await Eventually.TrueAsync(() => elector.IsLeader());
        record.Write(record.Value! with { HolderIdentity = "thief" }, record.Version);
        Advance(3);
        await run.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((1, 1), (started, stopped));
        Assert.Equal(["a", "thief"], leaders);
    }

    [Fact]
    public async Task Two_StartedTogether_OneLeads()
    {
        using var stop = new CancellationTokenSource();
        var electors = Enumerable.Range(0, 5).Select(i => Elector($"e{i}").Elector).ToList();
        var starts = electors.Select(e => Task.Factory.StartNew(() => e.RunUntilLeadershipLostAsync(stop.Token), TaskCreationOptions.LongRunning));
        var runs = await Task.WhenAll(starts);       // each has had its first try and waits for the clock
        Assert.Single(electors, e => e.IsLeader());
        Advance(40);
        Assert.Single(electors, e => e.IsLeader());
        await stop.CancelAsync();
        await Task.WhenAll(runs).ContinueWith(_ => { });
    }

    private (LeaderElector Elector, Lock Lock) Elector(string identity)
    {
        var l = new Lock(identity, record);
        return (new LeaderElector(new LeaderElectionConfig(l) { TimeProvider = time }), l);
    }

    /// <summary>The lock answers at once and nobody's context is in the way, so whatever is due goes on inside the clock's step, however busy the machine is.</summary>
    private void Advance(int seconds)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        for (var i = 0; i < seconds * 2; i++)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
        }

        SynchronizationContext.SetSynchronizationContext(context);
    }

    private sealed class Record
    {
        public LeaderElectionRecord? Value { get; set; }

        public int Version { get; private set; }

        public bool Write(LeaderElectionRecord value, int seen)
        {
            lock (this)
            {
                if (seen != Version)
                {
                    return false;
                }

                (Value, Version) = (value, Version + 1);
                return true;
            }
        }
    }

    private sealed class Lock(string identity, Record record) : ILock
    {
        private int seen;

        public bool Broken { get; set; }

        public string Identity => identity;

        public Task<LeaderElectionRecord> GetAsync(CancellationToken cancellationToken = default)
        {
            if (Broken)
            {
                throw new HttpRequestException("connection refused");
            }

            lock (record)
            {
                seen = record.Version;
                return record.Value is { } value
                    ? Task.FromResult(value with { })
                    : throw new HttpOperationException { Response = new HttpResponseMessageWrapper(new HttpResponseMessage(HttpStatusCode.NotFound), "") };
            }
        }

        public Task<bool> CreateAsync(LeaderElectionRecord value, CancellationToken cancellationToken = default) => Task.FromResult(record.Write(value, 0));

        public Task<bool> UpdateAsync(LeaderElectionRecord value, CancellationToken cancellationToken = default) => Task.FromResult(record.Write(value, seen));

        public string Describe() => "ns/lock";
    }
}
