using System.Collections.Concurrent;
using k8s.Models;
using KubeOps.Abstractions.Reconciliation.Queue;
using LightReasoner.Operator.Watching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace LightReasoner.Operator.Tests.Watching;

public sealed class RunQueueTests
{
    private static readonly RunKey A = new(RunKind.SamplingRun, "team", "a"), B = new(RunKind.SamplingRun, "team", "b");
    private readonly FakeTimeProvider time = new(Make.Now);
    private readonly ConcurrentQueue<string> enqueued = new();

    [Fact]
    public void Add_SeveralTimesForOneRun_TheEarliestCounts_Once()
    {
        using var queue = Queue();
        queue.Add(A, "uid", TimeSpan.FromSeconds(10));
        queue.Add(A, "uid", TimeSpan.FromSeconds(5));
        queue.Add(A, "uid", TimeSpan.FromSeconds(20));
        queue.Add(B, "uid", TimeSpan.FromSeconds(7));
        Assert.Equal(2, queue.Scheduled);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["a"], enqueued);
        time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(["a", "b"], enqueued);
        Assert.Equal(0, queue.Scheduled);
    }

    [Fact]
    public void Add_Now_TakesTheLaterTimeAway()
    {
        using var queue = Queue();
        queue.Add(A, "uid", TimeSpan.FromSeconds(10));
        queue.Add(A, "uid", TimeSpan.Zero);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["a"], enqueued);
    }

    [Fact]
    public void Outage_IsToldOnce_HoweverOftenItIsMet()
    {
        var lines = new Lines();
        var outage = new Outage(time, lines);
        for (int i = 0; i < 990; i++) outage.Told("watching pods", new HttpRequestException("connection refused"));
        outage.Over();
        outage.Over();
        outage.Told("watching Jobs", new IOException("broken"));
        Assert.Equal(3, lines.All.Count);
        Assert.Contains("connection refused", lines.All.First());
    }

    private RunQueue Queue()
    {
        var services = new ServiceCollection();
        services.AddTransient<EntityQueue<SamplingRunEntity>>(_ => (run, _, _, _, _, _) =>
        {
            enqueued.Enqueue(run.Name());
            return Task.FromResult(true);
        });
        return new RunQueue(services.BuildServiceProvider(), time);
    }

    private sealed class Lines : ILogger<Outage>
    {
        public ConcurrentQueue<string> All { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) => All.Enqueue(formatter(state, exception));
    }
}
