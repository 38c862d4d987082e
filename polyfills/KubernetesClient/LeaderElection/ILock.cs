namespace k8s.LeaderElection;

public interface ILock
{
    /// <summary>Who we are, as the holder of the lock.</summary>
    string Identity { get; }

    Task<LeaderElectionRecord> GetAsync(CancellationToken cancellationToken = default);

    /// <returns>False if somebody else was faster.</returns>
    Task<bool> CreateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default);

    /// <returns>False if somebody else was faster.</returns>
    Task<bool> UpdateAsync(LeaderElectionRecord record, CancellationToken cancellationToken = default);

    string Describe();
}

public record LeaderElectionRecord
{
    public string HolderIdentity { get; set; }

    public int LeaseDurationSeconds { get; set; }

    public DateTime? AcquireTime { get; set; }

    public DateTime? RenewTime { get; set; }

    public int LeaderTransitions { get; set; }
}

public class LeaderElectionConfig
{
    public LeaderElectionConfig(ILock @lock)
    {
        Lock = @lock;
    }

    public ILock Lock { get; set; }

    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The clock; the system's but in tests.</summary>
    internal TimeProvider TimeProvider { get; set; } = TimeProvider.System;
}
