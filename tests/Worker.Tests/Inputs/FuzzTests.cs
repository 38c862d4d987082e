using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Checkpoints;

namespace LightReasoner.Worker.Tests.Inputs;

/// <summary>
/// Files of every kind, damaged, restructured or swapped for others, and manifests with odd values in every field, through the program: it
/// reads them or says in a sentence
/// what is wrong, ends with a code that docs/troubleshooting.md lists, prints no stack trace, and stays within time and memory.
/// <c>LIGHTREASONER_FUZZ_FACTOR</c> multiplies the rounds; <c>LIGHTREASONER_FUZZ_SEED</c> repeats a run, or makes another one.
/// </summary>
public sealed partial class FuzzTests(ITestOutputHelper output)
{
    private const long MostMemory = 3L << 29;

    private const string Question = """{"id": "a", "question": "Max has 5 keys. How many keys does Max have now?", "answer": "5"}""" + "\n";

    private const string Sample =
        """{"prompt_id": "q", "step": 1, "prefix": "a", "tokens": ["a", "b"], "token_ids": [5, 6], "weights": [0.5, 0.5], "kl_divergence": 0.5, "prefix_ids": [5, 6]}""" + "\n";

    private const string Record =
        """{"prompt": [{"role": "user", "content": "Max has 5 keys."}], "target": [{"role": "assistant", "content": [{"type": "text", "text": " 5 + 4 = 9"}]}]}""" + "\n";

    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_FUZZ_SEED") ?? "1");

    private static readonly string[] Names =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "chat_template.jinja", "model.safetensors", "model.safetensors.index.json", "adapter_config.json", "adapter_model.safetensors",
            "questions.jsonl", "questions.jsonl.gz",
        "samples.jsonl", "records.jsonl", "records.parquet", "1-sampling.yaml", "2-finetune.yaml", "3-refine.yaml",
    ];

    private static readonly string[] Scraps =
    [
        "{", "}", "[", "]", ",", ":", "\"", "'", "\\u", "\\ud800", "null", "true", "1e999", "-1", "NaN", "9999999999", "0.5", "{}", "[]",
            "\n", "\r\n", "\0", "é", "\uFEFF", "[[[[[[[[", "#", "---\n", "- ", "&a ", "*a", "!!int ",
        "{{ x }}", "{% for i in range(999999999) %}x{% endfor %}", "{{ raise_exception('no') }}", "{% include 'x' %}",
            "{{ 'x' * 999999999 }}", "|tojson(indent=999999999)",
    ];

    private static readonly Func<JsonNode?>[] Values =
    [
        () => null, () => -1, () => 0, () => 1, () => 7, () => 16_000_000, () => int.MaxValue, () => long.MaxValue,
            () => JsonNode.Parse("1e999"), () => JsonNode.Parse("1e-320"), () => 1.5, () => "", () => "é\0", () => "/",
        () => "file:///", () => "1", () => new string('x', 5000), () => true, () => new JsonArray(), () => new JsonArray(null, -1),
            () => new JsonObject(), () => new JsonObject { ["a"] = new JsonArray("b") },
    ];

    /// <summary>In a process of its own, whose memory is measured.</summary>
    [Fact, Trait("Suite", "long")]
    public async Task Program_OnOddFiles_SaysWhatIsWrong()
    {
        if (await OwnProcess.RanAsync()) return;
        foreach (var name in Names) await FuzzAsync(name);
        var memory = PeakMemory().Match(await File.ReadAllTextAsync("/proc/self/status")).Groups[1].Value;
        output.WriteLine($"{memory} KiB of memory at most");
        Assert.True(long.Parse(memory) << 10 < MostMemory, $"{memory} KiB of memory");
    }

    private async Task FuzzAsync(string name)
    {
        using var inputs = new InputFiles();
        await inputs.WriteAsync(name);
        var whole = await File.ReadAllBytesAsync(inputs.PathOf(name));
        var codes = new SortedDictionary<int, int>();
        for (int round = 0; round < 5 * OddFiles.FuzzFactor; round++)
        {
            var random = new Random(unchecked(Seed * 1_000_003 + round));
            var content = round == 0 ? whole : Changed(whole, name, random);
            await File.WriteAllBytesAsync(inputs.PathOf(name), content);
            var command = inputs.Command(name, random);
            var what =
                $"LIGHTREASONER_FUZZ_SEED={Seed}, round {round}: "
                + $"{string.Join(' ', command)}\n{Encoding.Latin1.GetString(content.AsSpan(0, Math.Min(content.Length, 3000)))}";
            (int code, _, string errors) = await WorkerProgram.RunAsync(command)
                .WaitAsync(TimeSpan.FromMinutes(2)); // a hang, not a measure of speed
            Assert.True(OddFiles.DocumentedExitCodes.Contains(code) && code != (int)ExitCode.Failure, $"{code}: {errors}\n{what}");
            Assert.False(errors.Contains("   at ", StringComparison.Ordinal), $"{errors}\n{what}");
            Assert.True(round > 0 || code is 0 or (int)ExitCode.MissingInput, $"the file itself is refused: {errors}\n{what}");
            codes[code] = codes.GetValueOrDefault(code) + 1;
        }
        output.WriteLine($"{name}, LIGHTREASONER_FUZZ_SEED={Seed}: "
            + $"{string.Join(", ", codes.Select(pair => $"{pair.Value} × code {pair.Key}"))}");
        Assert.Contains(codes.Keys, code => code != 0);
    }

    [GeneratedRegex(@"VmHWM:\s+(\d+) kB")]
    private static partial Regex PeakMemory();

    /// <summary>Something that is like the file, or stands where it should.</summary>
    private static byte[] Changed(byte[] whole, string name, Random random)
    {
        if (random.Next(7) == 0)
        {
            return random.Next(9) switch
            {
                0 => [],
                1 => "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"u8.ToArray(),
                2 => "<!DOCTYPE html><title>Sign in</title>"u8.ToArray(),
                3 => [.. "PK"u8, 3, 4, 0, 0],
                4 => OddFiles.Gzip(whole),
                5 => [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")],
                6 => Encoding.UTF8.GetBytes(new string('[', 100_000)),
                7 => "7"u8.ToArray(),
                _ => "[null]"u8.ToArray(),
            };
        }
        if (name.EndsWith(".gz", StringComparison.Ordinal)) return random.Next(2) == 0 ? Damaged(whole, random)
            : OddFiles.Gzip(Changed(Gunzip(whole), name[..^3], random));
        if (name.EndsWith(".safetensors", StringComparison.Ordinal) && random.Next(3) > 0) return WithHeader(whole, random);
        if (name.EndsWith(".parquet", StringComparison.Ordinal) || name.EndsWith(".safetensors", StringComparison.Ordinal)
            || random.Next(6) == 0) return Damaged(whole, random);
        if (name.EndsWith(".jinja", StringComparison.Ordinal)
            || random.Next(4) == 0) return Encoding.UTF8.GetBytes(OddFiles.Edited(Encoding.UTF8.GetString(whole), Scraps, random));
        if (name.EndsWith(".yaml", StringComparison.Ordinal))
            return Restructured(Encoding.UTF8.GetBytes(ManifestReader.ToJson(ManifestReader.Read(Encoding.UTF8.GetString(whole), name))),
                random);
        return Restructured(whole, random);
    }

    private static byte[] WithHeader(byte[] whole, Random random)
    {
        var length = (int)BitConverter.ToInt64(whole);
        var header = Restructured(whole.AsSpan(8, length).ToArray(), random);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. whole.AsSpan(8 + length)];
    }

    /// <summary>JSON with one to three of its values replaced or removed.</summary>
    private static byte[] Restructured(byte[] json, Random random)
    {
        var root = JsonNode.Parse(json)!;
        for (int edits = random.Next(1, 4); edits > 0; edits--)
        {
            var places = new List<(JsonNode Parent, string? Name, int Index)>();
            Collect(root, places, random);
            if (places.Count == 0) break;
            var (parent, key, index) = places[random.Next(places.Count)];
            var value = Values[random.Next(Values.Length)]();
            if (key is null) parent[index] = value;
            else if (random.Next(6) == 0) parent.AsObject().Remove(key);
            else parent[key] = value;
        }
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static void Collect(JsonNode node, List<(JsonNode Parent, string? Name, int Index)> places, Random random)
    {
        IEnumerable<(string? Name, int Index, JsonNode? Child)> children = node switch
        {
            JsonObject map => map.Select(p => ((string?)p.Key, 0, p.Value)),
            JsonArray list => list.Select((item, i) => ((string?)null, i, item)),
            _ => [],
        };
        foreach (var (name, index, child) in children.ToArray())
        {
            // The entries of a vocabulary would drown everything else.
            if (node is JsonObject { Count: < 60 } or JsonArray { Count: < 20 } || random.Next(50) == 0) places.Add((node, name, index));
            if (child is not null) Collect(child, places, random);
        }
    }

    private static byte[] Damaged(byte[] whole, Random random)
    {
        if (random.Next(4) == 0) return whole[..random.Next(whole.Length)];
        byte[] damaged = [.. whole];
        for (int edits = random.Next(1, 5); edits > 0; edits--)
        {
            var at = random.Next(3) switch
            {
                0 => random.Next(damaged.Length),
                1 => random.Next(Math.Min(damaged.Length, 100)),
                _ => Math.Max(0, damaged.Length - 1 - random.Next(800)),
            };
            damaged[at] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)0xFF;
        }
        return damaged;
    }

    private static byte[] Gunzip(byte[] content)
    {
        using var stream = new GZipStream(new MemoryStream(content), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        stream.CopyTo(plain);
        return plain.ToArray();
    }

    /// <summary>Inputs of the program in a folder, all right at first, and the commands that read each of them.</summary>
    private sealed class InputFiles : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        private string Model => _folder["model"];

        public void Dispose() => _folder.Dispose();

        public string PathOf(string name) => name.StartsWith("adapter", StringComparison.Ordinal) ? $"{_folder["adapter"]}/{name}"
            : File.Exists(_folder[name]) || name.EndsWith(".yaml", StringComparison.Ordinal) ? _folder[name] : $"{Model}/{name}";

        /// <summary>Writes all files, and the one that is to be changed where a model need not have it.</summary>
        public async Task WriteAsync(string changed)
        {
            Directory.CreateDirectory(Model);
            foreach (var file in Directory.EnumerateFiles($"{Examples}/models/seed-0/expert")) File.Copy(file,
                $"{Model}/{Path.GetFileName(file)}");
            await File.WriteAllTextAsync(_folder["questions.jsonl"], Question);
            await File.WriteAllTextAsync(_folder["samples.jsonl"], Sample);
            await File.WriteAllTextAsync(_folder["records.jsonl"], Record);
            await File.WriteAllTextAsync($"{Model}/chat_template.jinja",
                "{% for m in messages %}<{{ m['role'] | trim }}>{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt "
                    + "%}A: {% endif %}");
            switch (changed)
            {
                case "questions.jsonl.gz":
                    await File.WriteAllBytesAsync(_folder[changed], OddFiles.Gzip(Encoding.UTF8.GetBytes(Question)));
                    break;
                case "records.parquet":
                    File.Copy($"{Examples}/data/refine.parquet", _folder[changed]);
                    break;
                case "special_tokens_map.json":
                    await File.WriteAllTextAsync($"{Model}/{changed}",
                        """{"eos_token": {"content": "<|endoftext|>", "lstrip": false}, "additional_special_tokens": ["<a>"]}""");
                    break;
                case "added_tokens.json":
                    await File.WriteAllTextAsync($"{Model}/{changed}", """{"<|later|>": 79}""");
                    break;
                case "config.json":
                    var config = JsonNode.Parse(await File.ReadAllTextAsync($"{Model}/{changed}"))!;
                    config["rope_scaling"] = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = 10000 };
                    (config["eos_token_id"], config["use_sliding_window"], config["sliding_window"]) = (new JsonArray(0), false, 64);
                    await File.WriteAllTextAsync($"{Model}/{changed}", config.ToJsonString());
                    break;
                case "model.safetensors.index.json":
                    var weights = await File.ReadAllBytesAsync($"{Model}/model.safetensors");
                    var names = JsonNode.Parse(weights.AsSpan(8, (int)BitConverter.ToInt64(weights)))!.AsObject()
                        .Select(tensor => tensor.Key).Where(key => key != "__metadata__");
                    File.Move($"{Model}/model.safetensors", $"{Model}/model-00001-of-00001.safetensors");
                    await File.WriteAllTextAsync($"{Model}/{changed}", new JsonObject
                    {
                        ["metadata"] = new JsonObject { ["total_size"] = weights.Length },
                        ["weight_map"] = new JsonObject(names.Select(key =>
                            KeyValuePair.Create(key, (JsonNode?)"model-00001-of-00001.safetensors"))),
                    }.ToJsonString());
                    break;
                case "adapter_config.json" or "adapter_model.safetensors":
                    Assert.Equal(0, (await WorkerProgram.RunAsync(Run("2-finetune.yaml",
                        $"spec.samples={{uri: 'file://{_folder["samples.jsonl"]}'}}"))).Code);
                    Directory.Move(_folder["out/adapter"], _folder["adapter"]);
                    break;
                case "1-sampling.yaml" or "2-finetune.yaml" or "3-refine.yaml":
                    var manifest = Regex.Replace(await File.ReadAllTextAsync($"{Examples}/{changed}"),
                        "file://./examples/quickstart/data/[a-z.]+",
                        $"file://{_folder[changed[0] == '3' ? "records.jsonl" : "questions.jsonl"]}");
                    await File.WriteAllTextAsync(_folder[changed],
                        manifest.Replace("file://./examples/quickstart/models", $"file://{_folder["absent"]}", StringComparison.Ordinal));
                    break;
            }
        }

        public string[] Command(string changed, Random random)
        {
            if (Directory.Exists(_folder["out"])) Directory.Delete(_folder["out"], recursive: true);
            string[] evaluate = ["evaluate", "--model", Model, "--data", _folder["questions.jsonl"], "--max-new-tokens", "2", "--template",
                random.Next(2) == 0 ? "auto" : "none"];
            // A manifest's model is not there: whatever its fields say, the run ends before it works.
            if (changed.EndsWith(".yaml", StringComparison.Ordinal)) return ["run", "-f", _folder[changed], "--output", _folder["out"],
                "--output-prefix", _folder["prefix"]];
            string[][] choices = changed switch
            {
                "adapter_config.json" or "adapter_model.safetensors" =>
                [
                    [.. evaluate, "--adapter", _folder["adapter"]],
                        ["merge", "--model", Model, "--adapter", _folder["adapter"], "--output", _folder["out"]],
                    Run("1-sampling.yaml", $"spec.dataset.uri=file://{_folder["questions.jsonl"]}",
                        $"spec.expert.uri=file://{_folder["adapter"]}"),
                ],
                "questions.jsonl" or "questions.jsonl.gz" =>
                [
                    Run("1-sampling.yaml", $"spec.dataset.uri=file://{_folder[changed]}"),
                        ["evaluate", "--model", Model, "--data", _folder[changed], "--max-new-tokens", "2"],
                    ["prepare", "gsm8k", _folder[changed], _folder["out.jsonl"]],
                ],
                "samples.jsonl" => [Run("2-finetune.yaml", $"spec.samples={{uri: 'file://{_folder[changed]}'}}"),
                    ["inspect", "samples", _folder[changed]]],
                "records.jsonl" or "records.parquet" => [Run("3-refine.yaml", $"spec.dataset.uri=file://{_folder[changed]}")],
                _ =>
                [
                    evaluate, ["inspect", "model", Model],
                        Run("1-sampling.yaml", $"spec.dataset.uri=file://{_folder["questions.jsonl"]}", "spec.prompt.template=auto"),
                    Run("2-finetune.yaml", $"spec.samples={{uri: 'file://{_folder["samples.jsonl"]}'}}"),
                        Run("3-refine.yaml", $"spec.dataset.uri=file://{_folder["records.jsonl"]}"),
                ],
            };
            return choices[random.Next(choices.Length)];
        }

        private string[] Run(string manifest, params string[] set)
        {
            string[] own = manifest[0] == '1'
                ? [$"spec.expert.uri=file://{Model}", $"spec.amateur.uri=file://{Examples}/models/seed-0/amateur", "spec.shards=1",
                    "spec.generation.maxNewTokens=2", "spec.selection.beta=0"]
                : [$"spec.model={{uri: 'file://{Model}', dtype: float32}}", "spec.evaluation=null", "spec.training.maxSteps=1"];
            return ["run", "-f", $"{Examples}/{manifest}", "--output", _folder["out"],
                .. Runs.Overrides.Of(own, set).SelectMany(change => new[] { "--set", change })];
        }
    }
}
