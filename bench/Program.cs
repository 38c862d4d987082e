using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LightReasoner.Bench;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var cases = new Option<string[]>("--cases") { Description = "Only these (sampling, fine-tuning, refinement, block, greedy-1, greedy-16, start-up).", AllowMultipleArgumentsPerToken = true };
var threads = new Option<int[]>("--threads") { Description = "Thread counts to measure with.", DefaultValueFactory = _ => [1, 2], AllowMultipleArgumentsPerToken = true };
var pairs = new Option<int>("--pairs") { Description = "Runs of each program per case, alternating; the median counts.", DefaultValueFactory = _ => 3 };
var root = new RootCommand("Measures the worker against a reference that follows the published programs, on the same libtorch and threads.") { cases, threads, pairs };
root.SetAction(parsed =>
{
    var folder = Path.Combine(Repository.Root, ".bench");
    Workload.Prepare(folder);
    return new Comparison(folder, parsed.GetValue(pairs)).Run(parsed.GetValue(threads)!, parsed.GetValue(cases) is { Length: > 0 } chosen ? chosen : Comparison.AllCases) ? 0 : 1;
});

var folderArgument = new Argument<string>("folder");
var threadsArgument = new Argument<int>("threads");
var serve = new Command("serve", "Answers requests of the measuring process.") { folderArgument, threadsArgument };
serve.Hidden = true;
serve.SetAction(parsed =>
{
    using var worker = new WorkerCases(parsed.GetValue(folderArgument)!, parsed.GetValue(threadsArgument));
    worker.Serve();
});
root.Add(serve);
return root.Parse(args).Invoke();
