using System.CommandLine;
using LightReasoner.Operator.Hosting;

return await OperatorCommand.Build().Parse(args)
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) }).ConfigureAwait(false);
