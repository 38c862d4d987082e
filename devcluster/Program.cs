using LightReasoner.DevCluster.Cli;

return await DevClusterCommand.Create().Parse(args).InvokeAsync();
