using System.CommandLine;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Cli;

/// <summary><c>devcluster node</c>: a node of any API server that runs pods as local processes.</summary>
internal static class NodeCommand
{
    public static Option<string[]> Images() => new("--image")
    {
        Description = "NAME=COMMAND: the program that stands for the entry point of an image. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    public static Option<string?> WorkDir() => new("--workdir")
    {
        Description = "Working directory of containers that name none, as an image would set it (default: an empty folder each).",
    };

    public static Option<string?> Data() => new("--data")
    {
        Description = "Folder for volumes, logs and process ids of the pods (default: a new temporary folder).",
    };

    public static Option<int> MaxPods() => new("--max-pods")
    {
        Description = "Pods that the node takes at once.",
        DefaultValueFactory = _ => new NodeOptions { Kubeconfig = "", DataDirectory = "" }.MaxPods,
    };

    public static Command Create()
    {
        var kubeconfig = new Option<string>("--kubeconfig") { Description = "Kubeconfig of the API server that the node belongs to.",
            Required = true };
        var name = new Option<string>("--name") { Description = "Name of the Node object.", DefaultValueFactory = _ => "node-1" };
        var data = Data();
        var workDir = WorkDir();
        var images = Images();
        var maxPods = MaxPods();
        var command = new Command("node", "Runs only the process runner, as a node of any API server.") { kubeconfig, name, data,
            workDir, images, maxPods };
        command.SetAction(async (result, cancel) =>
        {
            var options = Options(result.GetRequiredValue(kubeconfig), result.GetValue(data), result.GetValue(workDir),
                result.GetValue(images) ?? [])
                with { Name = result.GetValue(name)!, MaxPods = result.GetValue(maxPods) };
            using var log = ConsoleLog.Create();
            await ProcessNode.RunAsync(options, cancel, log.CreateLogger("node"), () => Console.WriteLine($"ready {options.Name}"));
            return 0;
        });
        return command;
    }

    public static NodeOptions Options(string kubeconfig, string? data, string? workDir, string[] images) => new()
    {
        Kubeconfig = kubeconfig,
        DataDirectory = data is null ? Directory.CreateTempSubdirectory("devcluster-").FullName : Path.GetFullPath(data),
        WorkingDirectory = workDir is null ? null : Path.GetFullPath(workDir),
        Images = images.Select(ParseImage).ToDictionary(p => p.Name, p => p.Command),
    };

    private static (string Name, string Command) ParseImage(string text)
        => text.Split('=', 2) is [{ Length: > 0 } name, var command]
            ? (name, command)
            : throw new ArgumentException($"--image {text}: expected NAME=COMMAND");
}
