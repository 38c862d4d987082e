using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LightReasoner;
using LightReasoner.Bench;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var cases = new Option<string[]>("--cases") { Description = "Only these (sampling, sampling-1, fine-tuning, refinement, block-128, block-64, greedy-1, greedy-16, start-up).", AllowMultipleArgumentsPerToken = true };
var threads = new Option<int[]>("--threads") { Description = "Thread counts to measure with.", DefaultValueFactory = _ => [1, 2], AllowMultipleArgumentsPerToken = true };
var pairs = new Option<int>("--pairs") { Description = "Runs of each program per case, alternating; the median counts.", DefaultValueFactory = _ => 3 };
var root = new RootCommand("Measures the worker against a reference that follows the published programs, on the same libtorch and threads.") { cases, threads, pairs };
root.SetAction(parsed =>
{
    var folder = Path.Combine(RepositoryFolder.Path, ".bench");
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

var shapes = new Option<string[]>("--shapes") { Description = "Shapes of Qwen2.5 (0.5B, 1.5B, 7B), or tiny.", DefaultValueFactory = _ => ["0.5B", "1.5B", "7B"], AllowMultipleArgumentsPerToken = true };
shapes.AcceptOnlyFromAmong([.. DeviceBench.Shapes]);
var bandwidth = new Option<double>("--bandwidth") { Description = "Bytes per second of the device's memory.", DefaultValueFactory = _ => 4.8e12 };
var flops = new Option<double>("--flops") { Description = "Peak bfloat16 operations per second of the device.", DefaultValueFactory = _ => 989e12 };
var cpu = new Option<bool>("--cpu") { Description = "Runs on the CPU, to try the program out." };
var device = new Command("gpu", "Measures decoding and fine-tuning of random weights against the limits of a GPU (those of an H200 unless told otherwise).") { shapes, bandwidth, flops, cpu };
device.SetAction(parsed =>
{
    if (!parsed.GetValue(cpu) && !TorchSharp.torch.cuda.is_available())
    {
        Console.Error.WriteLine("libtorch sees no GPU here. Build with LIBTORCH=<folder of a CUDA build of libtorch> on a machine that has one.");
        return 1;
    }
    var measured = new DeviceBench(parsed.GetValue(cpu) ? TorchSharp.torch.CPU : TorchSharp.torch.CUDA, parsed.GetValue(bandwidth), parsed.GetValue(flops));
    foreach (var shape in parsed.GetValue(shapes)!)
        measured.Run(shape);
    return 0;
});
root.Add(device);
return root.Parse(args).Invoke();
