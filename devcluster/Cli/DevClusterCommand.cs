using System.CommandLine;

namespace LightReasoner.DevCluster.Cli;

internal static class DevClusterCommand
{
    public static RootCommand Create()
    {
        var root =
            new RootCommand("A Kubernetes API for development and tests, in one process: API server, job controller, and pods as local "
            + "processes.");
        root.Subcommands.Add(UpCommand.Create());
        root.Subcommands.Add(NodeCommand.Create());
        return root;
    }
}
