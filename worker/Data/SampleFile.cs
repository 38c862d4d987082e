using ParquetSharp;
using ParquetSharp.IO;

namespace LightReasoner.Worker.Data;

/// <summary>Writes contrastive samples: JSONL as published, or Parquet with the same names. The same samples give the same bytes.</summary>
internal static class SampleFile
{
    private static readonly Field[] s_fields =
    [
        Field.Of("prompt_id", sample => sample.PromptId),
        Field.Of("step", sample => sample.Step),
        Field.Of("prefix", sample => sample.Prefix),
        Field.Of("tokens", sample => sample.Tokens.ToArray()),
        Field.Of("token_ids", sample => sample.TokenIds),
        Field.Of("weights", sample => sample.Weights),
        Field.Of("kl_divergence", sample => sample.KlDivergence),
        Field.Of("question", sample => sample.Question),
        Field.Of("prefix_ids", sample => sample.PrefixIds),
        Field.Of("expert", sample => sample.Expert),
        Field.Of("expert_entropy", sample => sample.ExpertEntropy),
        Field.Of("amateur_entropy", sample => sample.AmateurEntropy),
        Field.Of("expert_top1", sample => sample.ExpertTop1),
        Field.Of("amateur_top1", sample => sample.AmateurTop1),
    ];

    public static string Extension(RecordFormat format) => format == RecordFormat.Parquet ? ".parquet" : ".jsonl";

    public static async Task WriteAsync(IReadOnlyList<ContrastiveSample> samples, RecordFormat format, Stream content)
    {
        if (format == RecordFormat.Parquet)
        {
            WriteParquet(samples, content);
            return;
        }
        foreach (var sample in samples)
        {
            await JsonSerializer.SerializeAsync(content, sample, ContrastiveSample.Json);
            content.WriteByte((byte)'\n');
        }
    }

    private static void WriteParquet(IReadOnlyList<ContrastiveSample> samples, Stream content)
    {
        using var output = new ManagedOutputStream(content, leaveOpen: true);
        using var writer = new ParquetFileWriter(output, [.. s_fields.Select(field => field.Column)], Compression.Zstd);
        if (samples.Count > 0)
        {
            using var group = writer.AppendRowGroup();
            foreach (var field in s_fields) field.Write(group, samples);
        }
        writer.Close();
    }

    private sealed record Field(Column Column, Action<RowGroupWriter, IReadOnlyList<ContrastiveSample>> Write)
    {
        public static Field Of<T>(string name, Func<ContrastiveSample, T> value) => new(new Column<T>(name), (group, samples) =>
        {
            using var column = group.NextColumn().LogicalWriter<T>();
            column.WriteBatch([.. samples.Select(value)]);
        });
    }
}
