using System.Text.Encodings.Web;
using System.Text.Json;
using LightReasoner.Api;
using ParquetSharp;
using ParquetSharp.IO;

namespace LightReasoner.Worker.Data;

/// <summary>Writes contrastive samples: JSONL as published, or Parquet with the same names. The same samples give the same bytes.</summary>
internal static class SampleFile
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Ending of the files' names.</summary>
    public static string Extension(RecordFormat format) => format == RecordFormat.Parquet ? ".parquet" : ".jsonl";

    /// <summary>Writes the samples as the content of a file.</summary>
    public static async Task WriteAsync(IReadOnlyList<ContrastiveSample> samples, RecordFormat format, Stream content)
    {
        if (format == RecordFormat.Parquet)
        {
            WriteParquet(samples, content);
            return;
        }
        foreach (var sample in samples)
        {
            await JsonSerializer.SerializeAsync(content, sample, Json);
            content.WriteByte((byte)'\n');
        }
    }

    private static void WriteParquet(IReadOnlyList<ContrastiveSample> samples, Stream content)
    {
        Column[] columns =
        [
            new Column<string>("prompt_id"), new Column<int>("step"), new Column<string>("prefix"), new Column<string[]>("tokens"),
                new Column<int[]>("token_ids"),
            new Column<double[]>("weights"), new Column<double>("kl_divergence"), new Column<string?>("question"),
                new Column<int[]?>("prefix_ids"), new Column<string?>("expert"),
            new Column<double?>("expert_entropy"), new Column<double?>("amateur_entropy"), new Column<int?>("expert_top1"),
                new Column<int?>("amateur_top1"),
        ];
        using var output = new ManagedOutputStream(content, leaveOpen: true);
        using var writer = new ParquetFileWriter(output, columns, Compression.Zstd);
        if (samples.Count > 0)
        {
            using var group = writer.AppendRowGroup();
            Write(sample => sample.PromptId);
            Write(sample => sample.Step);
            Write(sample => sample.Prefix);
            Write(sample => sample.Tokens.ToArray());
            Write(sample => sample.TokenIds);
            Write(sample => sample.Weights);
            Write(sample => sample.KlDivergence);
            Write(sample => sample.Question);
            Write(sample => sample.PrefixIds);
            Write(sample => sample.Expert);
            Write(sample => sample.ExpertEntropy);
            Write(sample => sample.AmateurEntropy);
            Write(sample => sample.ExpertTop1);
            Write(sample => sample.AmateurTop1);

            void Write<T>(Func<ContrastiveSample, T> value)
            {
                using var column = group.NextColumn().LogicalWriter<T>();
                column.WriteBatch([.. samples.Select(value)]);
            }
        }
        writer.Close();
    }
}
