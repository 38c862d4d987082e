using k8s.LeaderElection;
using KubeOps.Abstractions.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

/// <summary>
/// Runs the pipelines: always, or for as long as this process holds the lease. The lease is renewed until the work has ended, and then runs
/// out.
/// </summary>
internal sealed class OperatorService(IEnumerable<IPipeline> pipelines, OperatorSettings settings, IServiceProvider services,
    TimeProvider time, ILogger<OperatorService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(
        () => settings.LeaderElectionType == LeaderElectionType.None ? RunPipelinesAsync(stoppingToken) : RunElectedAsync(stoppingToken),
        CancellationToken.None);

    private async Task RunPipelinesAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(pipelines.Select(p => p.RunAsync(cancellationToken))).ConfigureAwait(false);

    private async Task RunElectedAsync(CancellationToken stoppingToken)
    {
        var elector = services.GetRequiredService<LeaderElector>();
        elector.OnError += logger.LeaseError;
        while (!stoppingToken.IsCancellationRequested)
        {
            await RunTermAsync(elector, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task RunTermAsync(LeaderElector elector, CancellationToken stoppingToken)
    {
        using var election = new CancellationTokenSource();
        using var term = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var work = Task.CompletedTask;
        void Start() => work = Task.Run(() => RunPipelinesAsync(term.Token), CancellationToken.None);

        elector.OnStartedLeading += Start;
        try
        {
            var leadership = elector.RunUntilLeadershipLostAsync(election.Token);
            await Task.WhenAny(leadership, Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken)).ConfigureAwait(false);
            await term.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(work, Task.Delay(Grace, time, CancellationToken.None)).ConfigureAwait(false);
            await election.CancelAsync().ConfigureAwait(false);
            await leadership.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            elector.OnStartedLeading -= Start;
        }
    }
}
