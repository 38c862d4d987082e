using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace LightReasoner.Quickstart;

/// <summary>
/// A development cluster as a program of its own on this machine, and the operator in it, installed by Helm; what they write lies in one
/// folder.
/// </summary>
/// <param name="repository">The folder that holds the solution; <c>bin/</c> in it holds the programs.</param>
/// <param name="folder">Kubeconfig, logs, process ids, and the pods' files.</param>
/// <param name="worker">The program that pods of the worker's image run.</param>
internal sealed class LocalCluster(string repository, string folder, string worker)
{
    /// <summary>The namespace and the name that the operator is installed under.</summary>
    public const string Release = "lightreasoner";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly List<BackgroundProgram> programs = [];

    public string Kubeconfig => Path.Combine(folder, "kubeconfig");

    public Kubectl Kubectl { get; } = new(Path.Combine(folder, "kubeconfig"), repository);

    public ClusterTool Helm { get; } = new("helm", Path.Combine(folder, "kubeconfig"), repository);

    /// <summary>What has been started, in order.</summary>
    public IReadOnlyList<BackgroundProgram> Programs => programs;

    /// <summary>Lines of <c>ID NAME</c>: what to stop where nobody is left who knows.</summary>
    public static string ProcessIds(string folder) => Path.Combine(folder, "pids");

    /// <summary>
    /// A port that nobody listens on: one below those that systems give to connections, so that none of them takes it before the program
    /// for which it is meant.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 30_000);
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
        "devcluster", Program("devcluster"),
        ["up", "--kubeconfig", Kubeconfig, "--data", Path.Combine(folder, "cluster"), "--workdir", repository,
            "--image", $"lightreasoner/worker={worker}",
            "--image", $"lightreasoner/operator={Program("operator")}", .. arguments],
        async () => File.Exists(Kubeconfig) && (await Kubectl.TryAsync(stop, "get", "--raw", "/readyz")).ExitCode == 0,
        stop);

    /// <summary>The command that installs the operator and the definitions, and waits until the operator is ready.</summary>
    /// <param name="values">Values of the chart, each NAME=VALUE.</param>
    public static string[] InstallCommand(params string[] values) =>
        ["install", Release, "charts/lightreasoner", "--namespace", Release, "--create-namespace", "--wait", "--timeout", "3m",
            .. values.SelectMany(v => new[] { "--set", v })];

    /// <summary>Installs the operator.</summary>
    public async Task InstallAsync(CancellationToken stop, params string[] values)
    {
        var result = await Helm.TryAsync(stop, InstallCommand(values));
        if (result.ExitCode != 0)
            throw new QuickstartException($"helm install ended with {result.ExitCode}:\n{result.Error.Trim()}\nThe end of the operator's "
                + $"log:\n{await OperatorLogAsync(stop)}");
    }

    /// <summary>The last lines of the operator's log.</summary>
    public async Task<string> OperatorLogAsync(CancellationToken stop)
    {
        var result = await Kubectl.TryAsync(stop, "logs", "-n", Release, $"deployment/{Release}", "--tail=15");
        return result.Output + result.Error;
    }

    /// <summary>Stops what was started, the last first.</summary>
    public async Task StopAsync()
    {
        foreach (var program in Enumerable.Reverse(programs))
        {
            await program.StopAsync();
            program.Dispose();
        }
        programs.Clear();
    }

    /// <summary>The path of one of this repository's programs.</summary>
    public string Program(string name) => Path.Combine(repository, "bin", name);

    /// <summary>Starts a program beside the cluster, and waits until it is ready.</summary>
    public async Task StartAsync(string name, string path, string[] arguments, Func<Task<bool>> ready, CancellationToken stop)
    {
        var program = BackgroundProgram.Start(name, path, repository, Path.Combine(folder, "logs", name + ".log"), arguments);
        programs.Add(program);
        await File.WriteAllLinesAsync(ProcessIds(folder), programs.Select(p => $"{p.Id} {p.Name}"), stop);
        for (long start = Stopwatch.GetTimestamp(); !await ready(); await Task.Delay(100, stop))
            if (program.HasExited || Stopwatch.GetElapsedTime(start) > StartLimit)
                throw new QuickstartException($"Waited in vain for {name} to be ready. The end of {program.Log}:\n{program.Tail()}");
    }
}
