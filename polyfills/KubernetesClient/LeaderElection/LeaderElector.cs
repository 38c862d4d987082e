using System.Net;

namespace k8s.LeaderElection;

/// <summary>
/// Leader election as in client-go: the lock's record is renewed every RetryPeriod by its holder; another one may take it when it has
/// seen it unchanged for LeaseDuration (by its own clock, so clocks may differ); a holder that could not renew for RenewDeadline stops.
/// </summary>
public class LeaderElector : IDisposable
{
    private const double JitterFactor = 1.2;

    private readonly LeaderElectionConfig config;
    private readonly TimeProvider time;
    private volatile LeaderElectionRecord observedRecord;
    private long observedAt;
    private string reportedLeader;

    public LeaderElector(LeaderElectionConfig config)
    {
        this.config = config;
        time = config.TimeProvider;
    }

    public event Action OnStartedLeading;

    public event Action OnStoppedLeading;

    public event Action<string> OnNewLeader;

    public event Action<Exception> OnError;

    public bool IsLeader() => observedRecord?.HolderIdentity != null && observedRecord.HolderIdentity == config.Lock.Identity;

    public string GetLeader() => observedRecord?.HolderIdentity;

    /// <summary>Waits until it leads and returns when it leads no longer.</summary>
    public async Task RunUntilLeadershipLostAsync(CancellationToken cancellationToken = default)
    {
        await AcquireAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            OnStartedLeading?.Invoke();
            await RenewUntilLostAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            OnStoppedLeading?.Invoke();
        }
    }

    /// <summary>Waits, leads, loses, waits again, until cancelled.</summary>
    public async Task RunAndTryToHoldLeadershipForeverAsync(CancellationToken cancellationToken = default)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await RunUntilLeadershipLostAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    private async Task AcquireAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var acquired = await TryAcquireOrRenewAsync(config.RenewDeadline, cancellationToken).ConfigureAwait(false);
            ReportTransition();
            if (acquired)
            {
                return;
            }

            await Task.Delay(config.RetryPeriod * (1 + ((JitterFactor - 1) * Random.Shared.NextDouble())), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RenewUntilLostAsync(CancellationToken cancellationToken)
    {
        var renewedAt = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(config.RetryPeriod, time, cancellationToken).ConfigureAwait(false);
            var left = config.RenewDeadline - time.GetElapsedTime(renewedAt);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            var startedAt = time.GetTimestamp();
            if (await TryAcquireOrRenewAsync(left, cancellationToken).ConfigureAwait(false))
            {
                renewedAt = startedAt;
            }
            else if (!IsLeader())
            {
                ReportTransition();
                return;     // another one holds it: no use in waiting for the deadline
            }
        }
    }

    private async Task<bool> TryAcquireOrRenewAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await TryAcquireOrRenewAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            OnError?.Invoke(new TimeoutException($"the lock {config.Lock.Describe()} could not be read and written within {limit}", e));
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            OnError?.Invoke(e);
            return false;
        }
    }

    private async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var wanted = new LeaderElectionRecord
        {
            HolderIdentity = config.Lock.Identity,
            LeaseDurationSeconds = (int)config.LeaseDuration.TotalSeconds,
            AcquireTime = now,
            RenewTime = now,
            LeaderTransitions = 0,
        };
        LeaderElectionRecord old;
        try
        {
            old = await config.Lock.GetAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (HttpOperationException e) when (e.Response?.StatusCode == HttpStatusCode.NotFound)
        {
            return await config.Lock.CreateAsync(wanted, cancellationToken).ConfigureAwait(false) && Observe(wanted);
        }

        if (old != null && old != observedRecord)
        {
            Observe(old);
        }

        if (!string.IsNullOrEmpty(old?.HolderIdentity) && !IsLeader() && time.GetElapsedTime(observedAt) < TimeSpan.FromSeconds(Math.Max(1, old.LeaseDurationSeconds)))
        {
            return false;
        }

        if (IsLeader())
        {
            (wanted.AcquireTime, wanted.LeaderTransitions) = (old.AcquireTime, old.LeaderTransitions);
        }
        else
        {
            wanted.LeaderTransitions = (old?.LeaderTransitions ?? 0) + 1;
        }

        return await config.Lock.UpdateAsync(wanted, cancellationToken).ConfigureAwait(false) && Observe(wanted);
    }

    private bool Observe(LeaderElectionRecord record)
    {
        observedRecord = record;
        observedAt = time.GetTimestamp();
        return true;
    }

    private void ReportTransition()
    {
        if (observedRecord is { } record && record.HolderIdentity != reportedLeader)
        {
            reportedLeader = record.HolderIdentity;
            OnNewLeader?.Invoke(reportedLeader);
        }
    }
}
