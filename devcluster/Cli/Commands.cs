using System.CommandLine;
using LightReasoner.DevCluster.Node;
using LightReasoner.DevCluster.Server;

namespace LightReasoner.DevCluster.Cli;

/// <summary>
/// <c>devcluster up</c>: everything in one process, until SIGINT or SIGTERM. <c>devcluster node</c>: a node of any API server.
/// </summary>
internal static class Commands
{
    private static readonly Option<FileInfo> Kubeconfig = new("--kubeconfig")
    {
        Description = "Kubeconfig of the API server: written by 'up', read by 'node'.",
        Required = true,
    };

    private static readonly Option<string[]> Images = new("--image")
    {
        Description = "NAME=COMMAND: the program that stands for the entry point of an image. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string?> WorkDir = new("--workdir")
    {
        Description = "Working directory of containers that name none, as an image would set it (default: an empty folder each).",
    };

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Folder for volumes, logs and process ids of the pods (default: a new temporary folder).",
    };

    private static readonly Option<int> MaxPods = new("--max-pods")
    {
        Description = "Pods that the node takes at once.",
        DefaultValueFactory = _ => 110,
    };

    private static readonly Option<string> Name = new("--name") { Description = "Name of the Node.", DefaultValueFactory = _ => "node-1" };

    private static readonly Option<int> Port = new("--port") { Description = "Port on 127.0.0.1; 0 takes a free one." };

    private static readonly Option<bool> NoNode = new("--no-node")
    {
        Description = "API server and controllers only; start nodes with 'devcluster node'.",
    };

    public static RootCommand Create()
    {
        var up = new Command("up", "Starts the cluster and serves until it is stopped.")
            { Kubeconfig, Port, Data, WorkDir, Images, MaxPods, Name, NoNode };
        up.SetAction(UpAsync);
        var node = new Command("node", "Runs only the process runner, as a node of any API server.")
            { Kubeconfig, Name, Data, WorkDir, Images, MaxPods };
        node.SetAction(async (line, cancel) =>
        {
            using var log = CreateLog();
            var options = Options(line);
            await ProcessNode.RunAsync(options, cancel, log.CreateLogger("node"), () => Console.WriteLine($"ready {options.Name}"));
            return 0;
        });
        return new RootCommand("A Kubernetes API for development and tests, in one process; pods are local processes.") { up, node };
    }

    private static async Task<int> UpAsync(ParseResult line, CancellationToken cancel)
    {
        using var log = CreateLog();
        var kubeconfig = line.GetRequiredValue(Kubeconfig);
        await using var server = new ApiServer(workloads: true);
        await server.Start(line.GetValue(Port));
        Directory.CreateDirectory(kubeconfig.DirectoryName!);
        await File.WriteAllTextAsync(kubeconfig.FullName, server.Kubeconfig(), cancel);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(kubeconfig.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        void Ready() => Console.WriteLine($"ready {kubeconfig.FullName}");
        if (!line.GetValue(NoNode))
        {
            await ProcessNode.RunAsync(Options(line), cancel, log.CreateLogger("node"), Ready);
            return 0;
        }
        Ready();
        await Task.Delay(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }

    private static NodeOptions Options(ParseResult line) => new()
    {
        Kubeconfig = line.GetRequiredValue(Kubeconfig).FullName,
        Name = line.GetValue(Name)!,
        DataDirectory = line.GetValue(Data) is { } data ? Path.GetFullPath(data) : Directory.CreateTempSubdirectory("devcluster-").FullName,
        WorkingDirectory = line.GetValue(WorkDir) is { } folder ? Path.GetFullPath(folder) : null,
        Images = line.GetValue(Images)!.Select(ParseImage).ToDictionary(p => p.Name, p => p.Command),
        MaxPods = line.GetValue(MaxPods),
    };

    private static (string Name, string Command) ParseImage(string text)
        => text.Split('=', 2) is [{ Length: > 0 } name, var command]
            ? (name, command)
            : throw new ArgumentException($"--image {text}: expected NAME=COMMAND");

    /// <summary>Warnings of the cluster's parts, one line each on standard error.</summary>
    private static ILoggerFactory CreateLog() => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(Enum.TryParse<LogLevel>(Environment.GetEnvironmentVariable("DEVCLUSTER_LOG"), ignoreCase: true, out var level)
            ? level : LogLevel.Warning)
        .AddSimpleConsole(console => console.SingleLine = true)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
}
