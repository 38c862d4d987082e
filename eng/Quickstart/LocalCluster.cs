using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace LightReasoner.Quickstart;

/// <summary>A development cluster and an operator as programs of their own on this machine; what they write lies in one folder.</summary>
/// <param name="repository">The folder that holds the solution; <c>bin/</c> in it holds the programs.</param>
/// <param name="folder">Kubeconfig, logs, process ids, and the pods' files.</param>
/// <param name="worker">The program that pods of the worker's image run.</param>
internal sealed class LocalCluster(string repository, string folder, string worker)
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly List<BackgroundProgram> programs = [];

    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    public Kubectl Kubectl { get; } = new(Path.Combine(folder, "kubeconfig"), repository);

    /// <summary>Where the operator answers.</summary>
    public string Operator { get; } = $"http://127.0.0.1:{FreePort()}";

    /// <summary>What has been started, in order.</summary>
    public IReadOnlyList<BackgroundProgram> Programs => programs;

    /// <summary>Lines of <c>ID NAME</c>: what to stop where nobody is left who knows.</summary>
    public static string ProcessIds(string folder) => Path.Combine(folder, "pids");

    /// <summary>A port that nobody listens on: one below those that systems give to connections, so that none of them takes it before the program for which it is meant.</summary>
    public static int FreePort()
    {
        while (true)
        {
            int port = Random.Shared.Next(10_000, 30_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Another program listens there.
            }
        }
    }

    /// <summary>Starts a Kubernetes API with a Job controller and a node, and waits until it answers.</summary>
    public Task StartClusterAsync(CancellationToken stop, params string[] arguments) => StartAsync(
        "devcluster",
        ["up", "--kubeconfig", Kubeconfig, "--data", Path.Combine(folder, "cluster"), "--workdir", repository, "--image", $"lightreasoner/worker={worker}", .. arguments],
        async () => File.Exists(Kubeconfig) && (await Kubectl.TryAsync(stop, "get", "--raw", "/readyz")).ExitCode == 0,
        stop);

    /// <summary>Installs the definitions.</summary>
    /// <returns>What kubectl said to it.</returns>
    public async Task<string> InstallAsync(CancellationToken stop)
    {
        string said = await Kubectl.RunAsync(stop, "apply", "-f", "crds/");
        await Kubectl.RunAsync(stop, "wait", "--for=condition=Established", "crd", "--all", "--timeout=180s");
        return said;
    }

    /// <summary>Starts the operator and waits until it is ready.</summary>
    public async Task StartOperatorAsync(CancellationToken stop, params string[] arguments)
    {
        using var http = new HttpClient();
        await StartAsync("operator", ["run", "--kubeconfig", Kubeconfig, "--listen", Operator, .. arguments], IsReadyAsync, stop);

        async Task<bool> IsReadyAsync()
        {
            try
            {
                return (await http.GetAsync($"{Operator}/readyz", stop)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    /// <summary>Stops what was started, the last first.</summary>
    public async Task StopAsync()
    {
        foreach (BackgroundProgram program in Enumerable.Reverse(programs))
        {
            await program.StopAsync();
            program.Dispose();
        }
        programs.Clear();
    }

    private async Task StartAsync(string name, string[] arguments, Func<Task<bool>> ready, CancellationToken stop)
    {
        BackgroundProgram program = BackgroundProgram.Start(name, Path.Combine(repository, "bin", name), repository, Path.Combine(folder, "logs", name + ".log"), arguments);
        programs.Add(program);
        await File.WriteAllLinesAsync(ProcessIds(folder), programs.Select(p => $"{p.Id} {p.Name}"), stop);
        for (long start = Stopwatch.GetTimestamp(); !await ready(); await Task.Delay(100, stop))
            if (program.HasExited || Stopwatch.GetElapsedTime(start) > StartLimit)
                throw new QuickstartException($"Waited in vain for {name} to be ready. The end of {program.Log}:\n{program.Tail()}");
    }
}
