using System.CommandLine;
using System.Diagnostics;
using LightReasoner.OperatorBench;

var runs = new Option<int>("--runs") { Description = "Runs applied at once.", DefaultValueFactory = _ => 1000 };
var changes = new Option<int>("--changes") { Description = "Status changes of the soak.", DefaultValueFactory = _ => 1000 };
var finished = new Option<int>("--finished") { Description = "Finished runs that are there.", DefaultValueFactory = _ => 10_000 };
var running = new Option<int>("--running") { Description = "Runs at work.", DefaultValueFactory = _ => 1000 };
var root = new RootCommand("Measures the operator on a devcluster whose workers exit at once.") { runs, changes, finished, running };
root.SetAction(async (line, cancel) =>
{
    var watch = Stopwatch.StartNew();
    await using var scene = await Scene.StartAsync(line.GetValue(running), cancel);
    // An operator finds them when it starts.
    await Rest.FinishedAsync(scene, line.GetValue(finished), cancel);
    await scene.StartOperatorAsync(line.GetValue(finished), cancel);
    bool burst = await Burst.RunAsync(scene, line.GetValue(runs), cancel);
    bool soak = await Soak.RunAsync(scene, line.GetValue(changes), cancel);
    bool rest = await Rest.RunAsync(scene, line.GetValue(finished), line.GetValue(running), cancel);
    Console.WriteLine($"the bench took {watch.Elapsed.TotalSeconds:0} s");
    return burst && soak && rest ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
