using System.CommandLine;
using System.Diagnostics;
using LightReasoner.OperatorBench;

var runs = new Option<int>("--runs") { Description = "Runs applied at once.", DefaultValueFactory = _ => 1000 };
var changes = new Option<int>("--changes") { Description = "Status changes of the soak.", DefaultValueFactory = _ => 1000 };
var finished = new Option<int>("--finished") { Description = "Finished runs that are there.", DefaultValueFactory = _ => 10_000 };
var running = new Option<int>("--running") { Description = "Runs at work.", DefaultValueFactory = _ => 1000 };
var shards = new Option<int>("--shards") { Description = "Pods of one run.", DefaultValueFactory = _ => 1000 };
const string about = "Measures the operator on a devcluster whose workers exit at once.";
var root = new RootCommand(about) { runs, changes, finished, running, shards };
root.SetAction(async (line, cancel) =>
{
    var watch = Stopwatch.StartNew();
    await using var scene = await Scene.StartAsync(line.GetValue(running) + line.GetValue(shards), cancel);
    // An operator finds them when it starts.
    await Rest.FinishedAsync(scene, line.GetValue(finished), cancel);
    await scene.StartOperatorAsync(line.GetValue(finished), cancel);
    // What is 0 is left out.
    var burst = line.GetValue(runs) is var many && (many == 0 || await Burst.RunAsync(scene, many, cancel));
    var soak = line.GetValue(changes) is var times && (times == 0 || await Soak.RunAsync(scene, times, cancel));
    var working = line.GetValue(running);
    var rest = working == 0 || await Rest.RunAsync(scene, line.GetValue(finished), working, cancel);
    var one = line.GetValue(shards) is var pods && (pods == 0 || await Shards.RunAsync(scene, pods, cancel));
    Console.WriteLine($"the bench took {watch.Elapsed.TotalSeconds:0} s");
    return burst && soak && rest && one ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
