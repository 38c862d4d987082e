using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json.Nodes;
using LightReasoner.Worker.Tokenization;

namespace LightReasoner.Worker.Tests.Tokenization;

/// <summary>The real tokenizers and their golden pairs (../shared/tokenizers).</summary>
internal static class SharedTokenizers
{
    private static readonly ConcurrentDictionary<string, Lazy<Tokenizer>> Loaded = new();

    /// <summary>The folder, or the test is skipped.</summary>
    public static string Folder => SharedFolder.Of("tokenizers");

    public static Tokenizer Get(string name) => Loaded.GetOrAdd(name, n => new Lazy<Tokenizer>(() => Tokenizer.Parse(Json(n), n))).Value;

    /// <summary>tokenizer.json of a folder, of mini/ or of an overlay.</summary>
    public static byte[] Json(string name)
    {
        if (name.StartsWith("mini/", StringComparison.Ordinal))
            return File.ReadAllBytes(Path.Combine(Folder, $"{name}.tokenizer.json"));
        var packed = Path.Combine(Folder, name, "tokenizer.json.gz");
        if (File.Exists(packed))
            return Unpack(packed);
        var overlay = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "overlays.json")))![name]!.AsObject();
        var json = JsonNode.Parse(Json((string)overlay["base"]!))!.AsObject();
        foreach (var section in (string[])["added_tokens", "post_processor"])
        {
            if (overlay.ContainsKey(section))
                json[section] = overlay[section]?.DeepClone();
        }
        if (overlay["rename_added_tokens"] is JsonObject names)
        {
            foreach (var token in json["added_tokens"]!.AsArray())
            {
                if (names[token!["id"]!.ToString()] is { } renamed)
                    token["content"] = (string)renamed!;
            }
        }
        return System.Text.Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    public static byte[] Unpack(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    public static IEnumerable<JsonObject> Rows(string file)
    {
        var path = Path.Combine(Folder, file);
        var text = System.Text.Encoding.UTF8.GetString(file.EndsWith(".gz", StringComparison.Ordinal) ? Unpack(path)
            : File.ReadAllBytes(path));
        return text.Split('\n').Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!.AsObject());
    }

    public static int[] Ids(JsonNode? node) => [.. node!.AsArray().Select(n => (int)n!)];
}
