using LightReasoner.DevCluster.Cli;

return await Commands.Create().Parse(args).InvokeAsync();
