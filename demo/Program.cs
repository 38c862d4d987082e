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
var seeds = new Option<int[]>("--seeds") { Description = "Seeds to train.", DefaultValueFactory = _ => [0, 1, 2], AllowMultipleArgumentsPerToken = true };
var threads = new Option<int>("--threads") { Description = "Threads of libtorch. The figures in docs/demo.md were made with 1.", DefaultValueFactory = _ => 1 };

var models = new Command("models", "Draws the data and trains the models of the quickstart.") { output, seeds, threads };
models.SetAction(async (parsed, _) =>
{
    torch.set_num_threads(parsed.GetValue(threads));
    string folder = parsed.GetValue(output)!;
    foreach (int seed in parsed.GetValue(seeds)!)
    {
        DemoData data = DemoData.Draw(seed);
        if (seed == 0) await data.WriteAsync(Path.Combine(folder, "data"));
        ModelFolders.Train(seed, data, Path.Combine(folder, "models", $"seed-{seed}"));
    }
    return 0;
});

var data = new Command("data", "Draws the data files of the quickstart and trains nothing.") { output };
data.SetAction(async (parsed, _) =>
{
    await DemoData.Draw(0).WriteAsync(Path.Combine(parsed.GetValue(output)!, "data"));
    return 0;
});

var examples = new Option<string>("--examples") { Description = "Folder with the manifests, data and models of the quickstart.", Required = true };
var noRefine = new Option<bool>("--no-refine") { Description = "Leaves the refinement half out." };
var report = new Command("report", "Runs the whole experiment, controls included, and prints its tables.") { examples, seeds, threads, noRefine };
report.SetAction((parsed, cancellation) =>
{
    torch.set_num_threads(parsed.GetValue(threads));
    return Report.PrintAsync(parsed.GetValue(examples)!, parsed.GetValue(seeds)!, !parsed.GetValue(noRefine), Console.Out, cancellation);
});

return await new RootCommand("Makes and measures the demo.") { models, data, report }.Parse(args).InvokeAsync();
