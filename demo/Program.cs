using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using LightReasoner.Demo;
using LightReasoner.Worker.Checkpoints;
using TorchSharp;

// The worker loads libtorch when it is first used, which has to be before TorchSharp looks for it.
RuntimeHelpers.RunModuleConstructor(typeof(LoadedModel).Module.ModuleHandle);
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var output = new Option<string>("--output") { Description = "Folder that gets models/ and data/.", Required = true };
var seeds = new Option<int[]>("--seeds")
{
    Description = "Seeds to train.",
    DefaultValueFactory = _ => [0, 1, 2],
    AllowMultipleArgumentsPerToken = true
};
var threads = new Option<int>("--threads")
{
    Description = "Threads of libtorch. The figures in docs/demo.md were made with 1.",
    DefaultValueFactory = _ => 1
};

var models = new Command("models", "Draws the data and trains the models of the quickstart.") { output, seeds, threads };
models.SetAction(async (parsed, _) =>
{
    torch.set_num_threads(parsed.GetValue(threads));
    var folder = parsed.GetValue(output)!;
    foreach (var seed in parsed.GetValue(seeds)!)
    {
        var data = DemoData.Draw(seed);
        if (seed == 0) await data.WriteAsync(Path.Combine(folder, "data"));
        ModelFolders.Train(seed, data, Path.Combine(folder, "models", $"seed-{seed}"), Console.Out);
    }
    return 0;
});

var data = new Command("data", "Draws the data files of the quickstart and trains nothing.") { output };
data.SetAction(async (parsed, _) =>
{
    await DemoData.Draw(0).WriteAsync(Path.Combine(parsed.GetValue(output)!, "data"));
    return 0;
});

var examples = new Option<string>("--examples")
{
    Description = "Folder with the manifests, data and models of the quickstart.",
    Required = true
};
var results = new Option<string>("--results")
{ Description = "Folder that keeps models and results of each seed; what it has is not computed anew.", Required = true };
var report = new Command("report", "Runs the whole experiment, controls included, and prints its tables.") { examples,
    results, seeds, threads };
report.SetAction(async (parsed, cancellation) =>
{
    torch.set_num_threads(parsed.GetValue(threads));
    await Report.PrintAsync(
        parsed.GetValue(examples)!, parsed.GetValue(results)!, parsed.GetValue(seeds)!, Console.Out, cancellation);
    return 0;
});

return await new RootCommand("Makes and measures the demo.") { models, data, report }.Parse(args).InvokeAsync();
