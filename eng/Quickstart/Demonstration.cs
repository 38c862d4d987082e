using System.Diagnostics;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace LightReasoner.Quickstart;

/// <summary>
/// The main job from beginning to end, with the programs that a user has: a cluster, <c>helm install</c>, <c>kubectl apply</c>, and a look
/// at what came out.
/// </summary>
internal sealed class Demonstration(string repository, bool keep, bool clean)
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(30), Interval = TimeSpan.FromSeconds(2);

    private readonly string _state = Path.Combine(repository, ".quickstart");
    private readonly LocalCluster _cluster = new(repository, Path.Combine(repository, ".quickstart"),
        Path.Combine(repository, "bin", "worker"));
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private Kubectl Kubectl => _cluster.Kubectl;

    public async Task<int> RunAsync(CancellationToken stop)
    {
        var leave = false;
        try
        {
            await ClearAsync();
            await StartClusterAsync(stop);
            await InstallAsync(stop);
            Say("kubectl apply -f examples/quickstart/");
            Console.Write(await Kubectl.RunAsync(stop, "apply", "-f", "examples/quickstart/"));
            var runs = await FollowAsync(stop);
            Results.Write(Path.Combine(_state, "summary.json"), runs, _watch.Elapsed);
            var good = await CloseAsync(runs, stop);
            leave = keep;
            return good ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            Say("Stopped.");
            return 130;
        }
        catch (QuickstartException e)
        {
            Console.Error.WriteLine($"error: {e.Message}");
            foreach (var program in _cluster.Programs.Where(p => p.HasExited))
                Console.Error.WriteLine($"{program.Name} has ended; the end of {program.Log}:\n{program.Tail()}");
            return 1;
        }
        finally
        {
            if (leave) Leave();
            else await _cluster.StopAsync();
        }
    }

    /// <summary>
    /// A second run starts clean: what an earlier one left running is stopped, what it left behind is deleted. One that was kept (KEEP=1)
    /// is somebody's, so that its end is agreed to on the terminal first, or asked for by CLEAN=1.
    /// </summary>
    private async Task ClearAsync()
    {
        if (File.Exists(Kept))
        {
            var what = $"A quickstart was kept (KEEP=1): a new one stops its cluster and deletes {_state} with its outputs.";
            if (clean) Say(what);
            else if (Console.IsInputRedirected || Console.IsOutputRedirected)
                throw new QuickstartException($"{what} To agree: CLEAN=1 {(keep ? "KEEP=1 " : "")}make quickstart. To keep its outputs, "
                    + "copy them first.");
            else if (!AnsiConsole.Confirm($"{what.EscapeMarkup()} Go on?", defaultValue: false)) throw new OperationCanceledException();
        }
        if (LocalCluster.ProcessIds(_state) is var processes && File.Exists(processes))
            foreach (var line in (await File.ReadAllLinesAsync(processes)).Reverse())
                if (line.Split(' ') is [var id, var name] && int.TryParse(id, out var process))
                    await BackgroundProgram.StopLeftoverAsync(process, name);
        if (Directory.Exists(_state)) Directory.Delete(_state, recursive: true);
        Directory.CreateDirectory(_state);
    }

    private async Task StartClusterAsync(CancellationToken stop)
    {
        Say("Starting the cluster (a Kubernetes API, a Job controller and a node in one process; for development only)");
        await _cluster.StartClusterAsync(stop);
    }

    private async Task InstallAsync(CancellationToken stop)
    {
        var prefix = "outputPrefix=file://" + Path.Combine(_state, "runs");
        Say($"helm {string.Join(' ', LocalCluster.InstallCommand(prefix))}");
        await _cluster.InstallAsync(stop, prefix);
        Console.Write(await Kubectl.RunAsync(stop, "get", "deployments", "-n", LocalCluster.Release));
    }

    private async Task<IReadOnlyList<JsonObject>> FollowAsync(CancellationToken stop)
    {
        IReadOnlyList<JsonObject> runs = [];
        if (!Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive)
        {
            await AnsiConsole.Live(RunTable.Render(runs)).StartAsync(async live => await PollAsync(() =>
            {
                live.UpdateTarget(RunTable.Render(runs));
                live.Refresh();
            }));
        }
        else
        {
            var table = new RunTable(AnsiConsole.Console);
            await PollAsync(() => table.PrintChanges(runs));
        }
        return runs;

        async Task PollAsync(Action show)
        {
            for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(Interval, stop))
            {
                runs = await Kubectl.RunsAsync(stop);
                show();
                if (runs.Count > 0 && runs.All(run => RunTable.Text(run, "phase") is "Succeeded" or "Failed")) return;
                if (_cluster.Programs.FirstOrDefault(p => p.HasExited) is { } ended)
                    throw new QuickstartException($"{ended.Name} ended while the runs were under way.");
                if (Stopwatch.GetElapsedTime(start) > RunLimit)
                    throw new QuickstartException($"The runs have not ended within {RunLimit.TotalMinutes} minutes. The end of the "
                        + $"operator's log:\n{await _cluster.OperatorLogAsync(stop)}");
            }
        }
    }

    private async Task<bool> CloseAsync(IReadOnlyList<JsonObject> runs, CancellationToken stop)
    {
        Say($"kubectl get {Kubectl.Kinds}");
        Console.Write(await Kubectl.RunAsync(stop, "get", Kubectl.Kinds));
        foreach (var run in runs.Where(run => RunTable.Text(run, "phase") == "Failed"))
            Console.Error.WriteLine($"\n{RunTable.Name(run)} failed: {RunTable.Text(run, "message")}\nMore: KEEP=1 make quickstart, then "
                + "kubectl describe and kubectl logs.");
        foreach (var line in Results.Sentences(runs)) Console.WriteLine(line);
        Console.WriteLine("Outputs:");
        foreach (var run in runs) Console.WriteLine($"  {RunTable.Name(run)}: {RunTable.Text(run, "outputUri")}");
        Console.WriteLine(FormattableString.Invariant(
            $"Summary: {Path.Combine(_state, "summary.json")}   ({_watch.Elapsed.TotalSeconds:0} s since the cluster was started)"));
        return runs.All(run => RunTable.Text(run, "phase") == "Succeeded");
    }

    /// <summary>Stands in the folder of a quickstart that was kept.</summary>
    private string Kept => Path.Combine(_state, "kept");

    private void Leave()
    {
        File.WriteAllText(Kept, "");
        Console.WriteLine($"""

        The cluster is left running, and the operator in it. To look around:
          export KUBECONFIG={_cluster.Kubeconfig}
          kubectl get {Kubectl.Kinds} -o wide
          kubectl -n {LocalCluster.Release} logs deployment/{LocalCluster.Release}
        To stop it: kill {string.Join(' ', _cluster.Programs.Reverse().Select(p => p.Id))}
        """);
    }

    private static void Say(string text)
    {
        if (Console.IsOutputRedirected) Console.WriteLine(text);
        else AnsiConsole.MarkupLineInterpolated($"[bold]{text}[/]");
    }
}
