using System.IO.Compression;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Data;

/// <summary>Files of other Parquet writers with the rows that other readers agree on (../shared/data/parquet/manifest.json).</summary>
public class ParquetGoldenTests(ITestOutputHelper output)
{
    public static TheoryData<string> Files
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var file in Manifest()) data.Add(file!["file"]!.GetValue<string>());
            if (data.Count == 0) data.Add("");
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task File_OfAnotherWriter_GivesItsRowsOrAClearError(string file)
    {
        if (file.Length == 0) Assert.Skip("../shared/data/parquet is absent");
        var entry = Manifest().First(candidate => candidate!["file"]!.GetValue<string>() == file)!;
        var outcome = entry["outcome"]!.GetValue<string>();
        var (rows, error) = await Read(Path.Combine(Folder()!, file),
            digests: entry["expected"]?.GetValue<string>().Contains("digest", StringComparison.Ordinal) == true);
        output.WriteLine($"{outcome}: {(error is null ? $"{rows.Count} rows" : error.Message)}");
        if (error is not null)
        {
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
            Assert.Equal(ExitCode.BadData, error.Code);
        }
        if (error is not null && outcome != "values")
        {
            GoldenLedger.Add("data/parquet/manifest.json", "broken or refused files: a clear error", 1);
            return;
        }
        Assert.Null(error);
        Assert.DoesNotContain(outcome, new[] { "error", "values_or_limit" });
        Assert.Equal(Expected(Path.Combine(Folder()!, entry["expected"]!.GetValue<string>())), rows);
        GoldenLedger.Add("data/parquet/manifest.json", "files read: every value of every row", 1);
    }

    [Fact]
    public async Task Manifest_CountsByOutcome()
    {
        if (Folder() is null) Assert.Skip("../shared/data/parquet is absent");
        var counts = new SortedDictionary<string, int>();
        foreach (var entry in Manifest())
        {
            (List<string> _, WorkerException? error) = await Read(Path.Combine(Folder()!, entry!["file"]!.GetValue<string>()),
                digests: true);
            var key = $"{entry["outcome"]}: {(error is null ? "read" : "refused")}";
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
        foreach (var (key, count) in counts) output.WriteLine($"{key} {count}");
        Assert.DoesNotContain("values: refused", counts.Keys);
        Assert.DoesNotContain("error: read", counts.Keys);
        Assert.DoesNotContain("error_preferred: read", counts.Keys);
        Assert.DoesNotContain("error_if_crc_checked: read", counts.Keys);
    }

    private static async Task<(List<string> Rows, WorkerException? Error)> Read(string path, bool digests)
    {
        var rows = new List<string>();
        try
        {
            await foreach (var record in RecordReader.ReadAsync("file://" + path, Api.RecordFormat.Parquet, default))
            {
                var row = record.Fields;
                if (digests)
                    foreach (var name in row.Select(field => field.Key).ToArray()) Digest(row, name);
                rows.Add(Canonical(row));
            }
            return (rows, null);
        }
        catch (WorkerException e)
        {
            return (rows, e);
        }
    }

    /// <summary>Texts of about 1 MB stand in the expected file as their length and hash.</summary>
    private static void Digest(JsonObject row, string name)
    {
        if (row[name] is not JsonValue value || value.GetValueKind() != System.Text.Json.JsonValueKind.String) return;
        var text = value.GetValue<string>();
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= 500_000) return;
        row[name] = new JsonObject
        {
            ["$utf8_length"] = bytes.Length,
            ["$utf16_length"] = text.Length,
            ["$sha256_utf8"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)),
            ["$starts"] = string.Concat(text.EnumerateRunes().Take(12)),
        };
    }

    /// <summary>Equal values as equal texts, however a number was written.</summary>
    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject fields => $"{{{string.Join(',', fields.Select(field => $"{field.Key}:{Canonical(field.Value)}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Canonical))}]",
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.Number
            && value.ToJsonString() is var text && text.AsSpan().ContainsAny('.', 'e', 'E') =>
            double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            .ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        _ => node?.ToJsonString() ?? "null",
    };

    private static List<string> Expected(string path)
    {
        using Stream file = File.OpenRead(path);
        using var text = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(text, new System.Text.UTF8Encoding(false), detectEncodingFromByteOrderMarks: false);
        // Line by line at \n alone: the texts hold other line ends.
        var all = reader.ReadToEnd();
        return all.Length == 0 ? [] : [.. all.TrimEnd('\n').Split('\n').Select(line => Canonical(JsonNode.Parse(line)!))];
    }

    private static JsonArray Manifest() => Folder() is { } folder
        ? JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "manifest.json")))!["files"]!.AsArray()
        : [];

    private static string? Folder() => SharedFolder.Find("data/parquet");
}
