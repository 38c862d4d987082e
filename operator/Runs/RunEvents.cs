using System.Threading.Channels;
using KubeOps.Abstractions.Events;
using LightReasoner.Operator.Entities;

namespace LightReasoner.Operator.Runs;

/// <summary>
/// Writes events one after the other beside the reconciles, which do not wait for them. What is still to be written at a stop is written
/// then.
/// </summary>
internal sealed class RunEvents(EventPublisher publish, ILogger<RunEvents> logger) : BackgroundService
{
    private const int MaxWaiting = 10_000;

    private readonly Channel<(IRunEntity Run, RunEvent Event)> waiting = Channel.CreateBounded<(IRunEntity, RunEvent)>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public void Add(IRunEntity run, RunEvent e) => waiting.Writer.TryWrite((run, e));

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        waiting.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (run, e) in waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                await publish(run, e.Reason, e.Message, e.Type, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                logger.EventLost(error, RunKey.Of(run), e.Reason);
            }
        }
    }
}
