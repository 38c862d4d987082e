using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace LightReasoner.Quickstart;

/// <summary>
/// The main job from beginning to end, with the programs that a user has: a cluster, the operator, <c>kubectl apply</c>, and a look at what came out.
/// </summary>
internal sealed class Demonstration(string repository, bool keep)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60), RunLimit = TimeSpan.FromMinutes(30), Interval = TimeSpan.FromSeconds(2);

    private readonly string _state = Path.Combine(repository, ".quickstart");
    private readonly List<BackgroundProgram> _programs = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private string Kubeconfig => Path.Combine(_state, "kubeconfig");

    private string ProcessIds => Path.Combine(_state, "pids");

    /// <summary>The folder that holds the solution.</summary>
    public static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "LightReasoner.K8s.sln"))) return folder.FullName;
        throw new QuickstartException("LightReasoner.K8s.sln is in no folder above this program's.");
    }

    public async Task<int> RunAsync(CancellationToken stop)
    {
        bool leave = false;
        try
        {
            await ClearAsync();
            var kubectl = new Kubectl(Kubeconfig, repository);
            await StartClusterAsync(kubectl, stop);
            await StartOperatorAsync(kubectl, stop);
            Say("kubectl apply -f examples/quickstart/");
            Console.Write(await kubectl.RunAsync(stop, "apply", "-f", "examples/quickstart/"));
            IReadOnlyList<JsonObject> runs = await FollowAsync(kubectl, stop);
            Results.Write(Path.Combine(_state, "summary.json"), runs, _watch.Elapsed);
            bool good = await CloseAsync(kubectl, runs, stop);
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
            foreach (BackgroundProgram program in _programs.Where(p => p.HasExited))
                Console.Error.WriteLine($"{program.Name} has ended; the end of {program.Log}:\n{program.Tail()}");
            return 1;
        }
        finally
        {
            if (leave) Leave();
            else foreach (BackgroundProgram program in Enumerable.Reverse(_programs)) await program.StopAsync();
        }
    }

    /// <summary>A second run starts clean: what an earlier one left running is stopped, what it left behind is deleted.</summary>
    private async Task ClearAsync()
    {
        if (File.Exists(ProcessIds))
            foreach (string line in (await File.ReadAllLinesAsync(ProcessIds)).Reverse())
                if (line.Split(' ') is [var id, var name] && int.TryParse(id, out int process)) await BackgroundProgram.StopLeftoverAsync(process, name);
        if (Directory.Exists(_state)) Directory.Delete(_state, recursive: true);
        Directory.CreateDirectory(_state);
    }

    private async Task StartClusterAsync(Kubectl kubectl, CancellationToken stop)
    {
        Say("Starting the cluster (a Kubernetes API, a Job controller and a node in one process; for development only)");
        BackgroundProgram cluster = Start("devcluster", "up", "--kubeconfig", Kubeconfig, "--data", Path.Combine(_state, "cluster"),
            "--workdir", repository, "--image", $"lightreasoner/worker={Path.Combine(repository, "bin", "worker")}");
        await UntilAsync(cluster, "the cluster to answer", async () =>
            File.Exists(Kubeconfig) && (await kubectl.TryAsync(stop, "get", "--raw", "/readyz")).ExitCode == 0, stop);
        Say("kubectl apply -f crds/");
        Console.Write(await kubectl.RunAsync(stop, "apply", "-f", "crds/"));
        await kubectl.RunAsync(stop, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s");
    }

    private async Task StartOperatorAsync(Kubectl kubectl, CancellationToken stop)
    {
        string address = $"http://127.0.0.1:{FreePort()}";
        Say("Starting the operator");
        BackgroundProgram program = Start("operator", "run", "--kubeconfig", Kubeconfig, "--listen", address, "--progress-url", $"{address}/v1/progress",
            "--output-prefix", "file://" + Path.Combine(_state, "runs"));
        using var http = new HttpClient();
        await UntilAsync(program, "the operator to be ready", async () =>
        {
            try
            {
                return (await http.GetAsync($"{address}/readyz", stop)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, stop);
    }

    private BackgroundProgram Start(string name, params string[] arguments)
    {
        BackgroundProgram program = BackgroundProgram.Start(name, Path.Combine(repository, "bin", name), repository, Path.Combine(_state, "logs", name + ".log"), arguments);
        _programs.Add(program);
        File.WriteAllLines(ProcessIds, _programs.Select(p => $"{p.Id} {p.Name}"));
        return program;
    }

    private static async Task UntilAsync(BackgroundProgram program, string what, Func<Task<bool>> holds, CancellationToken stop)
    {
        for (long start = Stopwatch.GetTimestamp(); !await holds();)
        {
            if (program.HasExited || Stopwatch.GetElapsedTime(start) > StartLimit)
                throw new QuickstartException($"Waited in vain for {what}. The end of {program.Log}:\n{program.Tail()}");
            await Task.Delay(100, stop);
        }
    }

    private async Task<IReadOnlyList<JsonObject>> FollowAsync(Kubectl kubectl, CancellationToken stop)
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
                runs = await kubectl.RunsAsync(stop);
                show();
                if (runs.Count > 0 && runs.All(run => RunTable.Text(run, "phase") is "Succeeded" or "Failed")) return;
                if (_programs.FirstOrDefault(p => p.HasExited) is { } ended) throw new QuickstartException($"{ended.Name} ended while the runs were under way.");
                if (Stopwatch.GetElapsedTime(start) > RunLimit) throw new QuickstartException($"The runs have not ended within {RunLimit.TotalMinutes} minutes.");
            }
        }
    }

    private async Task<bool> CloseAsync(Kubectl kubectl, IReadOnlyList<JsonObject> runs, CancellationToken stop)
    {
        Say($"kubectl get {Kubectl.Kinds}");
        Console.Write(await kubectl.RunAsync(stop, "get", Kubectl.Kinds));
        foreach (JsonObject run in runs.Where(run => RunTable.Text(run, "phase") == "Failed"))
            Console.Error.WriteLine($"\n{RunTable.Name(run)} failed: {RunTable.Text(run, "message")}\nMore: KEEP=1 make quickstart, then kubectl describe and kubectl logs.");
        foreach (string line in Results.Sentences(runs)) Console.WriteLine(line);
        Console.WriteLine("Outputs:");
        foreach (JsonObject run in runs) Console.WriteLine($"  {RunTable.Name(run)}: {RunTable.Text(run, "outputUri")}");
        Console.WriteLine(FormattableString.Invariant($"Summary: {Path.Combine(_state, "summary.json")}   ({_watch.Elapsed.TotalSeconds:0} s since the cluster was started)"));
        return runs.All(run => RunTable.Text(run, "phase") == "Succeeded");
    }

    private void Leave() => Console.WriteLine(
        $"""

        The cluster and the operator are left running. To look around:
          export KUBECONFIG={Kubeconfig}
          kubectl get {Kubectl.Kinds} -o wide
        To stop them: kill {string.Join(' ', Enumerable.Reverse(_programs).Select(p => p.Id))}
        """);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Say(string text)
    {
        if (Console.IsOutputRedirected) Console.WriteLine(text);
        else AnsiConsole.MarkupLineInterpolated($"[bold]{text}[/]");
    }
}
