namespace LightReasoner.DevCluster.Node;

/// <summary>Runs one Pod of the node, from its volumes to the removal of its object when it has been deleted.</summary>
internal sealed class PodWorker
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly NodeContext node;
    private readonly ILogger log;
    private readonly TimeProvider clock;
    private readonly PodStop stop;
    private readonly PodStatusWriter writer;
    private readonly CancellationToken shutdown;
    private readonly Lock gate = new();
    private readonly ContainerRecord[] init;
    private readonly ContainerRecord[] containers;
    private readonly DateTimeOffset startTime;
    private JsonObject pod;
    private bool volumesReady;
    private bool over;
    private bool deleted;
    private bool finished;
    private (string Reason, string Message)? reason;
    private (string Reason, string Message)? disruption;

    public PodWorker(NodeContext node, JsonObject pod, ILogger log, CancellationToken shutdown)
    {
        this.node = node;
        this.pod = pod;
        this.log = log;
        this.shutdown = shutdown;
        clock = node.Options.Clock;
        stop = new PodStop(clock);
        Folders = new PodFolders(node.Options.DataDirectory, pod);
        writer = new PodStatusWriter(node.Api, Resource.Pods.Object(pod.Namespace(), pod.Name(), "status"), clock, log);
        init = [.. pod.Items("spec", "initContainers").Select(c =>
            new ContainerRecord(c.Text("name") ?? "", c.Text("image") ?? "") { Waiting = ("PodInitializing", null) })];
        var waiting = init.Length > 0 ? "PodInitializing" : "ContainerCreating";
        containers = [.. pod.Items("spec", "containers").Select(c =>
            new ContainerRecord(c.Text("name") ?? "", c.Text("image") ?? "") { Waiting = (waiting, null) })];
        startTime = pod.Time("status", "startTime") ?? clock.GetUtcNow();
        // One that ended in an earlier run of the node: only its object is left to look after.
        finished = pod.Text("status", "phase") is "Succeeded" or "Failed";
    }

    public PodFolders Folders { get; }

    /// <summary>Completed when nothing of the Pod runs any more and its last status has been written.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    public void Start()
    {
        if (!finished) Completion = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>The Pod object has changed: take it over, and end the Pod if it has been deleted.</summary>
    public void Update(JsonObject latest)
    {
        bool remove;
        lock (gate)
        {
            pod = latest;
            if (latest.Text("metadata", "deletionTimestamp") is null) return;
            remove = finished && !deleted;
            deleted = true;
        }
        if (remove) _ = RemoveObject();
        var grace = TimeSpan.FromSeconds(latest.Number("metadata", "deletionGracePeriodSeconds") ?? 0);
        // The time stamp has no fractions, so up to a second of the period is left when it is reached.
        var left = (latest.Time("metadata", "deletionTimestamp") ?? clock.GetUtcNow()) - clock.GetUtcNow() + TimeSpan.FromSeconds(1);
        stop.Order(left < grace ? left : grace);
    }

    /// <summary>The Pod object is gone: nothing may go on.</summary>
    public void Vanished()
    {
        lock (gate) deleted = true;
        stop.Order(TimeSpan.Zero);
    }

    /// <summary>The node shuts down: a disruption, not a failure of the Pod.</summary>
    public void ShutDown(TimeSpan grace)
    {
        const string Message = "Pod was terminated in response to imminent node shutdown.";
        lock (gate)
        {
            if (over) return;
            reason = ("Terminated", Message);
            disruption = ("TerminationByKubelet", Message);
        }
        stop.Order(grace);
    }

    private async Task RunAsync()
    {
        using var renewal = new CancellationTokenSource();
        var tokens = Task.CompletedTask;
        await using var deadline = Deadline();
        try
        {
            if (LostContainers())
            {
                await End();
                return;
            }
            Report();
            var volumes = new PodVolumes(node.Api, pod, Folders, clock);
            await MakeVolumes(volumes);
            lock (gate) volumesReady = true;
            tokens = volumes.RenewAsync(renewal.Token);
            if (await RunInit(volumes)) await RunContainers(volumes);
        }
        catch (OperationCanceledException) when (stop.Requested.IsCancellationRequested)
        {
            // Ended before its containers started.
        }
        catch (Exception e)
        {
            log.LogError(e, "Pod {Pod}", pod.Key());
            lock (gate) reason ??= ("NodeError", e.Message);
        }
        await renewal.CancelAsync();
        await tokens.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await End();
    }

    /// <summary>Was the Pod started by an earlier run of this node? Its processes are gone with that.</summary>
    private bool LostContainers()
    {
        if (!pod.Items("status", "containerStatuses").Any(c => (c.Map("state", "running") ?? c.Map("state", "terminated")) is not null))
            return false;
        for (var i = 0; i < containers.Length; i++)
        {
            var unknown = new Termination(137, "ContainerStatusUnknown", "The container could not be located when the pod was terminated",
                null, clock.GetUtcNow(), "");
            containers[i] = containers[i] with { Ended = unknown };
        }
        // Init containers had done their work before a container could run.
        for (var i = 0; i < init.Length; i++) init[i] = init[i] with { Ended = new Termination(0, "Completed", null, null, null, "") };
        return true;
    }

    private async Task MakeVolumes(PodVolumes volumes)
    {
        for (var delay = FirstRetry; ; delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry)
        {
            try
            {
                await volumes.LayOutAsync(stop.Requested);
                return;
            }
            catch (ConfigException e)
            {
                node.Events.Warning(pod, "FailedMount", e.Message);
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                log.LogDebug("volumes of {Pod}: {Message}", pod.Key(), e.Message);
            }
            await Task.Delay(delay, clock, stop.Requested);
        }
    }

    private async Task<bool> RunInit(PodVolumes volumes)
    {
        var specs = pod.Items("spec", "initContainers").ToList();
        for (var i = 0; i < specs.Count; i++)
        {
            var at = i;
            var runner = new ContainerRunner(node, pod, specs[i], init: true, Folders, volumes, stop, r => Note(init, at, r));
            if (!(await runner.RunAsync()).Succeeded) return false;
        }
        return true;
    }

    private Task RunContainers(PodVolumes volumes) =>
        Task.WhenAll(pod.Items("spec", "containers").Select((spec, i) =>
            new ContainerRunner(node, pod, spec, init: false, Folders, volumes, stop, r => Note(containers, i, r)).RunAsync()));

    private void Note(ContainerRecord[] list, int at, ContainerRecord record)
    {
        lock (gate) list[at] = record;
        Report();
    }

    private void Report() => writer.Write(() =>
    {
        lock (gate)
            return PodStatus.Patch(new PodFacts(pod, [.. init], [.. containers], startTime, volumesReady, over, reason, disruption),
                clock.GetUtcNow());
    }, shutdown);

    /// <summary>spec.activeDeadlineSeconds of the Pod itself.</summary>
    private ITimer? Deadline()
    {
        if (pod.Number("spec", "activeDeadlineSeconds") is not { } seconds) return null;
        var left = startTime + TimeSpan.FromSeconds(seconds) - clock.GetUtcNow();
        return clock.CreateTimer(_ =>
        {
            lock (gate)
            {
                if (over) return;
                reason = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
            }
            stop.Order(TimeSpan.FromSeconds(pod.Number("spec", "terminationGracePeriodSeconds") ?? 30));
        }, null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The last status, and if the Pod was deleted the removal of the object.</summary>
    private async Task End()
    {
        lock (gate) over = true;
        Report();
        await writer.Flushed();
        Folders.RemoveVolumes();
        lock (gate)
        {
            // From here on a deletion is answered by Update.
            finished = true;
            if (!deleted || writer.Gone) return;
        }
        await RemoveObject();
    }

    /// <summary>Tells the API server that nothing of a deleted Pod is left here.</summary>
    private async Task RemoveObject()
    {
        for (var delay = FirstRetry; !shutdown.IsCancellationRequested; delay = delay * 2 < LongestRetry ? delay * 2 : LongestRetry)
        {
            try
            {
                await node.Api.DeleteAsync(Resource.Pods.Object(pod.Namespace(), pod.Name()), gracePeriodSeconds: 0,
                    uid: pod.Uid(), cancel: shutdown);
                return;
            }
            catch (ApiException e) when (e.NotFound || e.Conflict)
            {
                return;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                await Task.Delay(delay, clock, shutdown).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
