namespace LightReasoner.DevCluster.Node;

/// <summary>How a run of a container ended.</summary>
internal sealed record Termination(
    int ExitCode, string Reason, string? Message, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string ContainerId)
{
    /// <summary>For a patch: null is what there is not.</summary>
    public JsonObject ToJson() => new()
    {
        ["exitCode"] = ExitCode,
        ["reason"] = Reason,
        ["message"] = Message,
        ["startedAt"] = StartedAt?.ToKubernetesTime(),
        ["finishedAt"] = FinishedAt?.ToKubernetesTime(),
        ["containerID"] = ContainerId,
    };
}

/// <summary>What the node knows of one container; a snapshot that is replaced as things happen.</summary>
internal sealed record ContainerRecord(string Name, string Image)
{
    /// <summary>Why it does not run; the state when it neither runs nor has ended.</summary>
    public (string Reason, string? Message) Waiting { get; init; } = ("ContainerCreating", null);

    public DateTimeOffset? RunningSince { get; init; }

    /// <summary>Set while the container has ended and is not about to be started again.</summary>
    public Termination? Ended { get; init; }

    /// <summary>The run before the present one.</summary>
    public Termination? Last { get; init; }

    public int Restarts { get; init; }

    public string ContainerId { get; init; } = "";

    public bool Running => RunningSince is not null && Ended is null;

    /// <summary>What the readiness probe says; a container without one is ready as soon as it runs.</summary>
    public bool ProbedReady { get; init; } = true;

    public bool Ready => Running && ProbedReady;

    public bool Succeeded => Ended?.ExitCode == 0;

    /// <summary>An init container counts as ready once it has done its work.</summary>
    public JsonObject ToJson(bool init)
    {
        var state = Ended is not null ? new JsonObject { ["terminated"] = Ended.ToJson() }
            : RunningSince is { } since ? new JsonObject { ["running"] = new JsonObject { ["startedAt"] = since.ToKubernetesTime() } }
            : new JsonObject { ["waiting"] = new JsonObject { ["reason"] = Waiting.Reason, ["message"] = Waiting.Message } };
        return new JsonObject
        {
            ["name"] = Name,
            ["state"] = state,
            ["lastState"] = Last is null ? new JsonObject() : new JsonObject { ["terminated"] = Last.ToJson() },
            ["ready"] = init ? Succeeded : Ready,
            ["restartCount"] = Restarts,
            ["image"] = Image,
            ["imageID"] = "",
            ["started"] = Running,
            ["containerID"] = ContainerId,
        };
    }
}
