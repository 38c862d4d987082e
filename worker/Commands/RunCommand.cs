using System.CommandLine;
using System.Runtime.InteropServices;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker run -f MANIFEST</c>: the entry point of a pod, and the way to run a document without a cluster.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var file = new Option<string>("--file", "-f")
        {
            Description = "The manifest, YAML or JSON; - reads standard input.",
            Required = true,
        };
        var set = Tools.Option<string[]>("--set", "Overrides a field: spec.selection.beta=0.5 (repeatable).", []);
        var shard = new Option<int?>("--shard")
        {
            Description = "Runs only this shard of a SamplingRun (default: all, one after the other).",
        };
        var output = new Option<string?>("--output") { Description = "Output folder; overrides the manifest's." };
        var prefix = Tools.Option("--output-prefix", "Where outputs go by default, as PREFIX/NAMESPACE/KIND/NAME.", "./runs");
        var reference = Tools.Option<string[]>("--ref", "Where a referenced run wrote: KIND/NAME=URI (repeatable).", []);
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Prints errors only." };
        var json = new Option<bool>("--json") { Description = "Prints progress as JSON, one object per line." };
        var plan = new Option<bool>("--plan")
        {
            Description = "Prints what would be done, what it needs and how long it would take (timed on a few batches). Writes nothing.",
        };
        var verbose = new Option<bool>("--verbose") { Description = "Shows where in the program an error occurred." };
        var command = new Command("run",
            "Runs a SamplingRun, FineTuneRun or RefineRun in this process; run it again to continue where it stopped.")
            { file, set, shard, output, prefix, reference, quiet, json, plan, verbose };
        command.SetAction(async (parsed, _) =>
        {
            var progress = ConsoleProgress.ForStandardOutput(parsed.GetValue(quiet), parsed.GetValue(json));
            try
            {
                return await RunAsync(parsed, progress);
            }
            catch (Exception e)
            {
                progress.Fail(WorkerException.MessageOf(e));
                throw;
            }
        });
        return command;

        async Task<int> RunAsync(ParseResult parsed, ConsoleProgress progress)
        {
            var path = parsed.GetValue(file)!;
            var text = path == "-" ? await Console.In.ReadToEndAsync() : await File.ReadAllTextAsync(path);
            var targets = ReportTargets.FromEnvironment();
            Manifest manifest;
            try
            {
                manifest = ManifestReader.Read(text, path == "-" ? "standard input" : path, parsed.GetValue(set)!);
            }
            catch (ManifestException e) when (targets.TerminationLog is not null)
            {
                // Without a document there is nobody to report as; the pod's status still says why.
                await File.WriteAllTextAsync(targets.TerminationLog, Redactor.OfProcess.Redact(e.Message));
                throw;
            }
            if (Variables.Given("LIGHTREASONER_THREADS") is { } threads)
                torch.set_num_threads(int.TryParse(threads, out var number) && number > 0 ? number
                    : throw new WorkerException(ExitCode.Usage, $"LIGHTREASONER_THREADS must be a whole number from 1, was '{threads}'"));

            var options = new RunOptions
            {
                Shard = parsed.GetValue(shard),
                Output = parsed.GetValue(output),
                OutputPrefix = parsed.GetValue(prefix)!,
                References = parsed.GetValue(reference)!,
                Attempt = Variables.Given("LIGHTREASONER_ATTEMPT") ?? Guid.NewGuid().ToString(),
                Targets = parsed.GetValue(plan) ? new ReportTargets(null, null, null) : targets,
                PlanOnly = parsed.GetValue(plan),
                Verbose = parsed.GetValue(verbose),
            };
            var interrupted = false;
            using var stop = new CancellationTokenSource();
            using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask),
                interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
            var code = await new Runner(options, progress, TimeProvider.System).RunAsync(manifest, stop.Token);
            return (int)(code == ExitCode.Terminated && interrupted ? ExitCode.Interrupted : code);

            void Ask(PosixSignalContext signal)
            {
                signal.Cancel = true;
                interrupted |= signal.Signal == PosixSignal.SIGINT;
                stop.Cancel();
            }
        }
    }
}
