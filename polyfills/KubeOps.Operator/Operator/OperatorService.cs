using k8s.LeaderElection;
using KubeOps.Abstractions.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KubeOps.Operator;

/// <summary>
/// Runs the pipelines: always, or for as long as this process holds the lease. At shutdown the work ends first, then the lease is given
/// back, so that another instance may begin at once.
/// </summary>
internal sealed class OperatorService(IEnumerable<IPipeline> pipelines, OperatorSettings settings, IServiceProvider services, TimeProvider time, ILogger<OperatorService> logger)
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
        var leaseLock = services.GetRequiredService<ILock>();
        elector.OnNewLeader += logger.NewLeader;
        elector.OnError += e => logger.LeaseError(e, leaseLock.Describe());
        while (!stoppingToken.IsCancellationRequested)
        {
            await RunTermAsync(elector, leaseLock, stoppingToken).ConfigureAwait(false);
        }
    }

    private async Task RunTermAsync(LeaderElector elector, ILock leaseLock, CancellationToken stoppingToken)
    {
        using var election = new CancellationTokenSource();     // the lease is renewed until the work has ended
        using var term = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var work = Task.CompletedTask;
        void Start()
        {
            logger.Leading(leaseLock.Identity);
            work = Task.Run(() => RunPipelinesAsync(term.Token), CancellationToken.None);
        }

        elector.OnStartedLeading += Start;
        try
        {
            var leadership = elector.RunUntilLeadershipLostAsync(election.Token);
            await Task.WhenAny(leadership, Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken)).ConfigureAwait(false);
            if (!stoppingToken.IsCancellationRequested)
            {
                logger.LeaseLost();
            }

            await term.CancelAsync().ConfigureAwait(false);
            await EndAsync(work).ConfigureAwait(false);
            await election.CancelAsync().ConfigureAwait(false);
            await leadership.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            elector.OnStartedLeading -= Start;
        }

        if (stoppingToken.IsCancellationRequested && elector.IsLeader())
        {
            await ReleaseAsync(leaseLock).ConfigureAwait(false);
        }
    }

    private async Task EndAsync(Task work)
    {
        try
        {
            await work.WaitAsync(Grace, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            logger.StillRunning(Grace.TotalSeconds);
        }
    }

    private async Task ReleaseAsync(ILock leaseLock)
    {
        using var limit = new CancellationTokenSource(settings.LeaderElectionRenewDeadline, time);
        try
        {
            var record = await leaseLock.GetAsync(limit.Token).ConfigureAwait(false);
            if (record?.HolderIdentity == leaseLock.Identity)
            {
                var now = time.GetUtcNow().UtcDateTime;
                (record.HolderIdentity, record.LeaseDurationSeconds, record.AcquireTime, record.RenewTime) = ("", 1, now, now);
                await leaseLock.UpdateAsync(record, limit.Token).ConfigureAwait(false);
                logger.LeaseReleased(leaseLock.Describe());
            }
        }
        catch (Exception e)
        {
            logger.LeaseError(e, leaseLock.Describe());
        }
    }
}
