using System.CommandLine;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Reporting.Pages;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker report compare RUN…</c>: one table and one page over the outputs of many training runs.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var runs = new Argument<string[]>("run")
        {
            Description =
                "Output of a FineTuneRun or RefineRun, as URI or NAME=URI; runs of one name are repetitions (seeds) and share a line.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string?>("--output") { Description = "Also writes the page, with curves, to this file." };
        var compare = new Command("compare",
            "Prints a table (Markdown) over runs: accuracy before and after with intervals, each test set, tokens per forward pass.")
            { runs, output };
        compare.SetAction(async (parsed, cancellation) =>
        {
            var read = new List<(string Name, RunRecords Run)>();
            foreach (var run in parsed.GetValue(runs)!)
            {
                var (name, uri) = run.Split('=', 2) is [var before, var after] && !before.Contains('/') && !before.Contains(':')
                    ? (before, after) : (null, run);
                var store = BlobUri.Open(BlobUri.Absolute(uri));
                if (await store.TagAsync(RunRecord.BlobName, cancellation) is null)
                    throw new WorkerException(ExitCode.MissingInput,
                        $"{uri}: has no {RunRecord.BlobName}; name the output folder of a run");
                var records = await RunRecords.ReadAsync(store, cancellation);
                if (records.Manifest is SamplingRun)
                    throw new WorkerException(ExitCode.Usage, $"{uri}: is the output of a SamplingRun; training runs are compared");
                read.Add((name ?? records.Manifest.Metadata.Name, records));
            }
            RunGroup[] groups = [.. read.GroupBy(run => run.Name, run => run.Run).Select(group => new RunGroup(group.Key, [.. group]))];
            foreach (var (i, line) in ComparePage.Table(groups).Index())
            {
                Console.WriteLine($"| {string.Join(" | ", line)} |");
                if (i == 0) Console.WriteLine($"|{string.Concat(line.Select((_, column) => column == 0 ? " --- |" : " ---: |"))}");
            }
            if (parsed.GetValue(output) is { } file)
            {
                var (store, target) = BlobUri.OpenFile(BlobUri.Absolute(file));
                await store.PutAsync(target,
                    new MemoryStream(System.Text.Encoding.UTF8.GetBytes(ComparePage.Of(groups, TimeProvider.System.GetUtcNow()).Text)),
                    cancellation: cancellation);
            }
            return 0;
        });
        return new Command("report", "Makes reports from the outputs of runs.") { compare };
    }
}
