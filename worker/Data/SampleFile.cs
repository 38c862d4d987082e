using System.Text.Encodings.Web;
using System.Text.Json;
using LightReasoner.Api;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace LightReasoner.Worker.Data;

/// <summary>Writes contrastive samples: JSONL as published, or Parquet with the same names. The same samples give the same bytes.</summary>
internal static class SampleFile
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Ending of the files' names.</summary>
    public static string Extension(RecordFormat format) => format == RecordFormat.Parquet ? ".parquet" : ".jsonl";

    /// <summary>The samples as the content of a file.</summary>
    public static async Task<byte[]> EncodeAsync(IReadOnlyList<ContrastiveSample> samples, RecordFormat format)
    {
        using var content = new MemoryStream();
        if (format == RecordFormat.Parquet) await WriteParquetAsync(samples, content);
        else
        {
            foreach (ContrastiveSample sample in samples)
            {
                await JsonSerializer.SerializeAsync(content, sample, Json);
                content.WriteByte((byte)'\n');
            }
        }
        return content.ToArray();
    }

    private static async Task WriteParquetAsync(IReadOnlyList<ContrastiveSample> samples, Stream content)
    {
        DataField promptId = Text("prompt_id"), step = new DataField<int>("step"), prefix = Text("prefix"), tokens = Text("element"), tokenIds = new DataField<int>("element"),
            weights = new DataField<double>("element"), kl = new DataField<double>("kl_divergence"), question = new DataField<string>("question"), prefixIds = new DataField<int>("element");
        var schema = new ParquetSchema(promptId, step, prefix, new ListField("tokens", tokens), new ListField("token_ids", tokenIds), new ListField("weights", weights), kl,
            question, new ListField("prefix_ids", prefixIds));
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(schema, content);
        writer.CompressionMethod = CompressionMethod.Zstd;
        if (samples.Count == 0) return;
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        foreach (DataColumn column in new[]
        {
            new DataColumn(promptId, samples.Select(s => s.PromptId).ToArray()),
            new DataColumn(step, samples.Select(s => s.Step).ToArray()),
            new DataColumn(prefix, samples.Select(s => s.Prefix).ToArray()),
            Lists(tokens, samples.Select(s => s.Tokens)),
            Lists(tokenIds, samples.Select(s => s.TokenIds)),
            Lists(weights, samples.Select(s => s.Weights)),
            new DataColumn(kl, samples.Select(s => s.KlDivergence).ToArray()),
            new DataColumn(question, samples.Select(s => s.Question).ToArray()),
            Lists(prefixIds, samples.Select(s => s.PrefixIds)),
        }) await group.WriteColumnAsync(column);
    }

    private static DataField Text(string name) => new(name, typeof(string), isNullable: false);

    /// <summary>A column of lists: definition level 0 is no list, 1 an empty one, 2 a value; repetition level 1 goes on with a list.</summary>
    private static DataColumn Lists<T>(DataField element, IEnumerable<IReadOnlyList<T>?> lists)
    {
        List<T> values = [];
        List<int> definition = [], repetition = [];
        foreach (IReadOnlyList<T>? list in lists)
        {
            if (list is not { Count: > 0 })
            {
                definition.Add(list is null ? 0 : 1);
                repetition.Add(0);
                continue;
            }
            for (int i = 0; i < list.Count; i++)
            {
                values.Add(list[i]);
                definition.Add(2);
                repetition.Add(i == 0 ? 0 : 1);
            }
        }
        return new DataColumn(element, values.ToArray(), [.. definition], [.. repetition]);
    }
}
