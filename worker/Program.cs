using System.CommandLine;
using LightReasoner.Worker;
using LightReasoner.Worker.Commands;
using LightReasoner.Worker.Inspect;

var root = new RootCommand("Contrastive sampling, LoRA fine-tuning on soft labels, and iterative refinement of language models.")
{
    RunCommand.Create(),
    GenerateCommand.Create(),
    EvaluateCommand.Create(),
    MergeCommand.Create(),
    PrepareCommand.Create(),
    ReportCommand.Create(),
    new Command("inspect", "Inspects models, tokenizers, templates, samples, Parquet files and grading; JSON in, JSON out.")
    {
        LayoutCommand.Create(),
        TokensCommand.Create(),
        ChatCommand.Create(),
        LogitsCommand.Create(),
        ModelCommand.Create(),
        SamplesCommand.Create(),
        ParquetCommand.Create(),
        GradeCommand.Create(),
        PromptsCommand.Create(),
        PairCommand.Create(),
    },
};

var parsed = root.Parse(args);
// Signals are the commands' own business: a run saves what it has before it ends.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
if (parsed.Errors.Count > 0)
{
    await parsed.InvokeAsync(invocation);
    return (int)ExitCode.Usage;
}
try
{
    return await parsed.InvokeAsync(invocation);
}
catch (Exception e)
{
    Console.Error.WriteLine(WorkerException.TextOf(e, args.Contains("--verbose")));
    return (int)WorkerException.CodeOf(e);
}
