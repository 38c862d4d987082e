using System.CommandLine;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Inspect;

/// <summary><c>worker inspect parquet</c>: the rows of a Parquet file, as the readers of datasets see them.</summary>
internal static class ParquetCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "A Parquet file: a path or URI." };
        var command = new Command("parquet", "Prints the rows of a Parquet file as JSONL.") { file };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var stdout = Console.OpenStandardOutput();
            await using var output = new StreamWriter(stdout, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
            await foreach (var row in RecordReader.ReadAsync(BlobUri.Absolute(parsed.GetValue(file)!),
                RecordFormat.Parquet, cancellation))
            {
                output.WriteLine(row.Fields.ToJsonString(ApiJson.Options));
            }
            return 0;
        });
        return command;
    }
}
