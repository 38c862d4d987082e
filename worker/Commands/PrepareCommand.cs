using System.CommandLine;
using System.Text;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Commands;

/// <summary><c>worker prepare gsm8k|math SRC DEST</c>: question files from the published layouts.</summary>
internal static class PrepareCommand
{
    public static Command Create() => new("prepare", "Makes question files (JSONL) from published data sets.")
    {
        Create("gsm8k", "GSM8K: records with question and answer.", (record, _) => QuestionFiles.Gsm8k(record)),
        Create("math", "MATH: records with problem, solution and type.", QuestionFiles.Math),
    };

    private static Command Create(string name, string description, Func<DataRecord, DataFile, string> line)
    {
        var source = new Argument<string>("src") { Description = "JSONL, Parquet or .json files: a path or URI with globs, or a folder (hf://datasets/openai/gsm8k/main/train-*.parquet)." };
        var destination = new Argument<string>("dest") { Description = "The file to write: a path or URI. Replaced if it is there." };
        var command = new Command(name, description) { source, destination };
        command.SetAction(async (parsed, cancellation) =>
        {
            (IBlobStore store, string target) = BlobUri.OpenFile(BlobUri.Absolute(parsed.GetValue(destination)!));
            using var staging = new ScratchFolder();
            await using var file = new FileStream(Path.Combine(staging.Path, "questions"), FileMode.CreateNew, FileAccess.ReadWrite);
            int written = 0;
            await using (var text = new StreamWriter(file, new UTF8Encoding(false), leaveOpen: true))
            {
                await foreach ((DataRecord record, DataFile from) in QuestionFiles.ReadAsync(Source(parsed.GetValue(source)!), cancellation))
                {
                    await text.WriteAsync(line(record, from));
                    written++;
                }
            }
            if (written == 0) throw new WorkerException(ExitCode.BadData, $"{parsed.GetValue(source)}: holds no records");
            file.Position = 0;
            await store.PutAsync(target, file, PutCondition.None, cancellation);
            Console.WriteLine(FormattableString.Invariant($"{written} questions written to {store.Uri}/{target}"));
            return 0;
        });
        return command;
    }

    /// <summary>A folder stands for all files in it.</summary>
    private static string Source(string given)
    {
        string uri = BlobUri.Absolute(given);
        return BlobUri.Open(uri) is DirectoryBlobStore folder && Directory.Exists(folder.Root) ? BlobUri.Join(uri, "**/*.json*") : uri;
    }
}
