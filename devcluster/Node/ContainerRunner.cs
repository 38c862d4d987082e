namespace LightReasoner.DevCluster.Node;

/// <summary>What all Pods of a node share.</summary>
internal sealed record NodeContext(
    ApiClient Api, NodeOptions Options, ImageCatalog Images, ProcessGuard Guard, EventRecorder Events,
    ConcurrentDictionary<string, LogFile> Logs);

/// <summary>
/// Runs one container of a Pod from image to end, restarts included. Waiting → Running → Terminated, and by the Pod's restart
/// policy back to Waiting (CrashLoopBackOff) after a pause that doubles from 10 s to 5 min and starts anew after 10 min of running.
/// </summary>
internal sealed class ContainerRunner(
    NodeContext node, JsonObject pod, JsonObject container, bool init, PodFolders folders, PodVolumes volumes, PodStop stop,
        Action<ContainerRecord> report)
{
    private const string ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const int MaxMessage = 4096;
    private const int MaxLogMessage = 2048;
    private const int MaxLogMessageLines = 80;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan GoodRun = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan ConfigRetry = TimeSpan.FromSeconds(2);

    private readonly TimeProvider clock = node.Options.Clock;
    private readonly string name = container.Text("name") ?? "";
    private readonly string image = container.Text("image") ?? "";
    private readonly string policy = pod.Text("spec", "restartPolicy") ?? "Always";
    private ContainerRecord record = new(container.Text("name") ?? "", container.Text("image") ?? "");

    /// <summary>Runs until the container has ended for good or the Pod is stopped. Returns the last state.</summary>
    public async Task<ContainerRecord> RunAsync()
    {
        try
        {
            if (await EntryPoint() is not { } entryPoint) return record;
            var pause = TimeSpan.Zero;
            while (!stop.Requested.IsCancellationRequested)
            {
                if (await Prepare(entryPoint) is not { } launch) return record;
                var ended = await RunOnce(launch);
                Update(record with { Ended = ended, RunningSince = null });
                if (!Restarts(ended.ExitCode) || stop.Requested.IsCancellationRequested) return record;
                if (ended.FinishedAt - ended.StartedAt > GoodRun) pause = TimeSpan.Zero;
                await Pause(ended, pause);
                pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException) when (stop.Requested.IsCancellationRequested)
        {
            // Stopped while it waited.
        }
        return record;
    }

    private void Update(ContainerRecord next)
    {
        record = next;
        report(next);
    }

    private bool Restarts(int exitCode) =>
        policy switch { "Never" => false, "OnFailure" => exitCode != 0, _ => !init || exitCode != 0 };

    /// <summary>The image's command. An unknown image waits for ever, as one that no registry has.</summary>
    private async Task<IReadOnlyList<string>?> EntryPoint()
    {
        if (node.Images.EntryPoint(image) is { } command)
        {
            node.Events.Normal(pod, "Pulled", $"Container image \"{image}\" already present on machine");
            return command;
        }
        var problem = $"Failed to pull image \"{image}\": the node has no command for it (images are given by --image name=command)";
        node.Events.Warning(pod, "Failed", problem);
        Update(record with { Waiting = ("ImagePullBackOff", problem) });
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, stop.Requested);
        return null;
    }

    /// <summary>Gathers variables and paths; waits while a ConfigMap or Secret is missing.</summary>
    private async Task<ContainerLaunch?> Prepare(IReadOnlyList<string> entryPoint)
    {
        while (true)
        {
            try
            {
                return await Launch(entryPoint);
            }
            catch (ConfigException e)
            {
                node.Events.Warning(pod, "Failed", $"Error: {e.Message}");
                Update(record with { Waiting = ("CreateContainerConfigError", e.Message), Ended = null });
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException)
            {
                Update(record with { Waiting = ("CreateContainerConfigError", e.Message), Ended = null });
            }
            await Task.Delay(ConfigRetry, clock, stop.Requested);
        }
    }

    private async Task<ContainerLaunch> Launch(IReadOnlyList<string> entryPoint)
    {
        var paths = volumes.Paths(container);
        var declared = await ContainerEnvironment.DeclaredAsync(
            pod, container, new ConfigSource(node.Api, pod.Namespace()), stop.Requested);
        string Local(string text) => Loopback.Rewrite(paths.Rewrite(text), pod, node.Options.DataDirectory);
        string Resolve(string text) => Local(Expansion.Expand(text, declared));
        var command = container.Strings("command").Select(Resolve).ToList();
        var arguments = container.Strings("args").Select(Resolve).ToList();
        var environment = ContainerEnvironment.Machine(pod);
        if (volumes.TemporaryFolder(container) is { } temporary) environment["TMPDIR"] = temporary;
        foreach (var (key, value) in declared) environment[key] = Local(value);
        if (entryPoint.Count > 0 && Path.GetDirectoryName(entryPoint[0]) is { Length: > 0 } folder)
            environment["PATH"] = $"{folder}:{environment.GetValueOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin")}";
        // The image's own program by its bare name is the entry point, whatever that takes to start.
        if (command.Count > 0 && entryPoint.Count > 0 && command[0] == Path.GetFileNameWithoutExtension(entryPoint[0]))
            command = [.. entryPoint, .. command.Skip(1)];
        if (command.Count == 0) command = [.. entryPoint];
        if (command.Count == 0) throw new ConfigException("no command specified");
        var work = container.Text("workingDir") is { Length: > 0 } dir ? paths.Rewrite(dir) : node.Options.WorkingDirectory
            ?? folders.WorkingDirectory(name);
        Directory.CreateDirectory(work);
        Directory.CreateDirectory(folders.Container(name));
        await WriteKubeconfig(environment, paths.Rewrite(ServiceAccount));
        return new ContainerLaunch(command[0], [.. command.Skip(1), .. arguments], environment, work);
    }

    /// <summary>Programs look for their token at a fixed path, which a local process cannot have: a kubeconfig has it instead.</summary>
    private async Task WriteKubeconfig(Dictionary<string, string> environment, string account)
    {
        if (account == ServiceAccount || environment.ContainsKey("KUBECONFIG")) return;
        var token = await File.ReadAllTextAsync(Path.Combine(account, "token"));
        var authority = await File.ReadAllTextAsync(Path.Combine(account, "ca.crt"));
        var file = Path.Combine(folders.Container(name), "kubeconfig");
        await File.WriteAllTextAsync(file, Server.Kubeconfig.Write(node.Api.Server, authority, token, pod.Namespace()));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        environment["KUBECONFIG"] = file;
    }

    private async Task<Termination> RunOnce(ContainerLaunch launch)
    {
        var message = folders.TerminationMessage(name);
        await File.WriteAllBytesAsync(message, []);
        var logPath = folders.Log(name, record.Restarts);
        var log = new LogFile(logPath, clock);
        node.Logs[logPath] = log;
        ContainerProcess process;
        try
        {
            process = ContainerProcess.Start(launch, log, node.Guard, $"{pod.Uid()}_{name}_{RandomNumberGenerator.GetHexString(6, true)}");
        }
        catch (ConfigException e)
        {
            log.Dispose();
            node.Logs.TryRemove(logPath, out _);
            node.Events.Warning(pod, "Failed", $"Error: failed to start container \"{name}\": {e.Message}");
            return new Termination(128, "StartError", e.Message, null, clock.GetUtcNow(), "");
        }
        var started = clock.GetUtcNow();
        var id = $"process://{process.Pid}";
        node.Events.Normal(pod, "Created", $"Created container: {name}");
        node.Events.Normal(pod, "Started", $"Started container {name}");
        var probed = container.Map("readinessProbe") is not null;
        Update(record with { RunningSince = started, Ended = null, ContainerId = id, ProbedReady = !probed });
        using var ended = new CancellationTokenSource();
        var probes = Task.WhenAll(ProbeReadiness(ended.Token), ProbeLiveness(process, ended.Token));
        var code = await Wait(process);
        await ended.CancelAsync();
        await probes.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        node.Logs.TryRemove(logPath, out _);
        var text = await Message(message, logPath, code);
        return new Termination(code, code == 0 ? "Completed" : "Error", text, started, clock.GetUtcNow(), id);
    }

    private Task ProbeReadiness(CancellationToken ended) => container.Map("readinessProbe") is not { } probe
        ? Task.CompletedTask
        : new HttpProbe(pod, probe, clock).RunAsync(failure =>
        {
            if (failure is not null) node.Events.Warning(pod, "Unhealthy", $"Readiness probe failed: {failure}");
            Update(record with { ProbedReady = failure is null });
        }, ended);

    private Task ProbeLiveness(ContainerProcess process, CancellationToken ended) => container.Map("livenessProbe") is not { } probe
        ? Task.CompletedTask
        : new HttpProbe(pod, probe, clock).RunAsync(failure =>
        {
            if (failure is null) return;
            node.Events.Warning(pod, "Unhealthy", $"Liveness probe failed: {failure}");
            node.Events.Normal(pod, "Killing", $"Container {name} failed liveness probe, will be restarted");
            process.Signal(Signals.Kill);
        }, ended);

    private async Task<int> Wait(ContainerProcess process)
    {
        using var terminate = stop.Requested.Register(() =>
        {
            node.Events.Normal(pod, "Killing", $"Stopping container {name}");
            process.Signal(Signals.Terminate);
        });
        using var kill = stop.Kill.Register(() => process.Signal(Signals.Kill));
        return await process.Exit;
    }

    /// <summary>What the container left as its last word, or the end of its log where the Pod asks for that.</summary>
    private async Task<string?> Message(string file, string logPath, int code)
    {
        if (File.Exists(file))
        {
            var bytes = await File.ReadAllBytesAsync(file);
            if (bytes.Length > 0) return Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, MaxMessage)));
        }
        if (code == 0 || container.Text("terminationMessagePolicy") != "FallbackToLogsOnError") return null;
        return await LogReader.TailAsync(logPath, MaxLogMessageLines, MaxLogMessage);
    }

    private async Task Pause(Termination ended, TimeSpan pause)
    {
        var next = record with { Ended = null, Last = ended, Restarts = record.Restarts + 1 };
        if (pause > TimeSpan.Zero)
        {
            var message =
                $"back-off {(pause.TotalMinutes >= 1 ? $"{(int)pause.TotalMinutes}m{pause.Seconds}s" : $"{pause.TotalSeconds:0}s")} "
                + $"restarting failed container={name} pod={pod.Name()}_{pod.Namespace()}({pod.Uid()})";
            node.Events.Warning(pod, "BackOff",
                $"Back-off restarting failed container {name} in pod {pod.Name()}_{pod.Namespace()}({pod.Uid()})");
            Update(next with { Waiting = ("CrashLoopBackOff", message) });
            await Task.Delay(pause, clock, stop.Requested);
        }
        else
        {
            record = next;
        }
    }
}
