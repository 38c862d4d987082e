using System.CommandLine;
using System.Runtime.InteropServices;
using LightReasoner.DevCluster.Server;

namespace LightReasoner.DevCluster.Cli;

/// <summary><c>devcluster up</c>: everything in one process, until SIGINT or SIGTERM.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var kubeconfig = new Option<FileInfo>("--kubeconfig") { Description = "Where to write the kubeconfig.", Required = true };
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "Folder for the volumes and logs of pods (default: a temporary folder)." };
        var image = new Option<string[]>("--image") { Description = "NAME=COMMAND: the program that pods with this image run. May be repeated.", DefaultValueFactory = _ => [] };
        var noNode = new Option<bool>("--no-node") { Description = "API server and job controller only; start nodes with 'devcluster node'." };
        var command = new Command("up", "Starts the cluster and serves until it is stopped.") { kubeconfig, port, data, image, noNode };
        command.SetAction((result, cancel) => Run(result.GetRequiredValue(kubeconfig), result.GetValue(port), cancel));
        return command;
    }

    private static async Task<int> Run(FileInfo kubeconfig, int port, CancellationToken cancel)
    {
        await using var server = new ApiServer();
        await server.Start(port);
        Directory.CreateDirectory(kubeconfig.DirectoryName!);
        await File.WriteAllTextAsync(kubeconfig.FullName, server.Kubeconfig(), cancel);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(kubeconfig.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Console.WriteLine($"ready {kubeconfig.FullName}");
        try
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }

        return 0;
    }
}
