using System.CommandLine;
using System.Runtime.InteropServices;
using LightReasoner;
using LightReasoner.Quickstart;

var keep = new Option<bool>("--keep") { Description = "Leaves the cluster running, and the operator in it." };
var clean = new Option<bool>("--clean") { Description = "Stops and deletes a cluster that was kept, without asking." };
var root = new RootCommand("Runs the whole chain once on this machine: cluster, operator, three runs, results.") { keep, clean };
root.SetAction(async (parsed, _) =>
{
    using var stop = new CancellationTokenSource();
    using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
        interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    return await new Demonstration(RepositoryFolder.Path, parsed.GetValue(keep), parsed.GetValue(clean)).RunAsync(stop.Token);

    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
});
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
