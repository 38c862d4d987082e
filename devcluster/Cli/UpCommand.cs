using System.CommandLine;
using LightReasoner.DevCluster.Node;
using LightReasoner.DevCluster.Server;
using Microsoft.Extensions.Logging;

namespace LightReasoner.DevCluster.Cli;

/// <summary><c>devcluster up</c>: everything in one process, until SIGINT or SIGTERM.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<FileInfo>("--kubeconfig") { Description = "Where to write the kubeconfig.", Required = true };
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one." };
        var data = NodeCommand.Data();
        var workDir = NodeCommand.WorkDir();
        var images = NodeCommand.Images();
        var maxPods = NodeCommand.MaxPods();
        var noNode = new Option<bool>("--no-node") { Description =
            "API server and job controller only; start nodes with 'devcluster node'." };
        var command = new Command("up", "Starts the cluster and serves until it is stopped.") { kubeconfig, port, data, workDir,
            images, maxPods, noNode };
        command.SetAction((result, cancel) => Run(
            result.GetRequiredValue(kubeconfig), result.GetValue(port),
            result.GetValue(noNode) ? null : NodeCommand.Options(result.GetRequiredValue(kubeconfig).FullName, result.GetValue(data),
                result.GetValue(workDir), result.GetValue(images) ?? [])
                with { MaxPods = result.GetValue(maxPods) }, cancel));
        return command;
    }

    private static async Task<int> Run(FileInfo kubeconfig, int port, NodeOptions? node, CancellationToken cancel)
    {
        using var log = ConsoleLog.Create();
        await using var server = new ApiServer(workloads: true);
        await server.Start(port);
        Directory.CreateDirectory(kubeconfig.DirectoryName!);
        await File.WriteAllTextAsync(kubeconfig.FullName, server.Kubeconfig(), cancel);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(kubeconfig.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var ready = new TaskCompletionSource();
        if (node is null) ready.SetResult();
        var running = node is null
            ? Task.Delay(Timeout.InfiniteTimeSpan, cancel)
            : ProcessNode.RunAsync(node, cancel, log.CreateLogger("node"), ready.SetResult);
        if (await Task.WhenAny(ready.Task, running) == ready.Task) Console.WriteLine($"ready {kubeconfig.FullName}");
        try
        {
            await running;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Stopped, as asked for.
        }

        return 0;
    }
}
