using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.Api.Tests;

/// <summary>Documents are read with the values that kubectl reads, or refused by both.</summary>
public sealed class KubectlYamlTests : IDisposable
{
    private const string Head = "apiVersion: lightreasoner.io/v1alpha1\nkind: SamplingRun\nmetadata: {name: a}\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("lightreasoner-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("spec: {seed: 010}")]
    [InlineData("spec: {a: 1, a: 2}")]
    [InlineData("spec: {\"a\": 1, a: {b: 2}}")]
    [InlineData("spec:\n  a: &x {p: 1, q: 2}\n  b: {<<: *x, q: 3}\n  c: {q: 3, <<: *x}")]
    [InlineData("spec: {<<: [{a: 1}, {a: 2, b: 3}], c: 1}")]
    [InlineData("spec: {<<: 5}")]
    [InlineData("spec: {<<: [1]}")]
    [InlineData("spec: {'<<': {a: 1}}")]
    [InlineData("spec: {on: 1, n: 2, 1: 3, 1.5: 4, 0x10: 5, ~x: 6}")]
    [InlineData("spec: {~: 1}")]
    [InlineData("spec:\n  ? {x: 1}\n  : 2")]
    [InlineData("spec:\n  ? [x]\n  : 2")]
    [InlineData("spec:\n  ? x\n  : 2\n  ? y y")]
    [InlineData("spec:\n\ta: 1")]
    [InlineData("spec:\n  a:\t1\n  b: 'x\ty'\t")]
    [InlineData("spec: {a: .nan}")]
    [InlineData("spec: {a: -.Inf}")]
    [InlineData("spec: {a: !foo 12, b: !!str 12, c: !!int \"12\", d: !!float 12, e: !!binary aGk=, f: !!bool \"yes\", g: !!null \"\", h: "
        + "! 12, i: !!str null}")]
    [InlineData("spec: {a: !!int abc}")]
    [InlineData("spec: {a: !!bool 1}")]
    [InlineData("spec: {a: !!float 1.5, b: !!int 1.5}")]
    [InlineData("spec: {a: !!binary '%'}")]
    [InlineData("spec: {a: 2001-01-01, b: 2001-01-01T00:00:00Z, c: 2001-1-1 1:2:3, d: 12:30:45}")]
    [InlineData("spec: {a: &a [1, {b: 2}], c: *a, d: &a x, e: *a}")]
    [InlineData("spec: {a: &a [*a]}")]
    [InlineData("spec: {a: *missing}")]
    [InlineData("spec: {a: &k key, *k : 1}")]
    [InlineData("spec: {a: {b:1}, c: [x,y,], d: {e, f: }, g: [], h: {}}")]
    [InlineData("spec: {a: @x}")]
    [InlineData("spec: {a: `x}")]
    [InlineData("spec: {a: %x}")]
    [InlineData("spec:\n  a: x: y")]
    [InlineData("spec:\n  a: - b")]
    [InlineData("spec: [1, 2")]
    [InlineData("spec:\n  a: |\n    x\n     y\n\n  b: >-\n    x\n    y\n  c: |+\n    x\n\n")]
    [InlineData("spec: {a: \"x\n   y\", b: 'it''s', c: \"\\x41\\u00e9\\t\\e\\_\\N\"}")]
    [InlineData("spec: {a: \"\\q\"}")]
    [InlineData("spec:\n- a\n- b: 1\n  c: 2\n-\n- - x")]
    [InlineData("spec: # nothing\n  a: b # c\n  d: e#f\n...\n")]
    public void Document_OfAnyShape_IsReadAsKubectlReadsIt(string spec) => AssertSame(Head + spec + "\n");

    [Theory]
    [InlineData("""{"apiVersion": "x.io/v1", "kind": "T", "metadata": {"name": "a"}, "spec": {"a": "\u00e9\ud83d\ude00 \/", "b": 1e3, "a": 2}}""")]
    [InlineData("""{apiVersion: x.io/v1, kind: T, metadata: {name: a}, spec: {a: yes}}""")]
    [InlineData("---\n# nothing\n---\napiVersion: x.io/v1\nkind: T\nmetadata: {name: a}\nspec: {a: no}\n---\n")]
    [InlineData("apiVersion: x.io/v1\r\nkind: T\r\nmetadata: {name: a}\r\nspec:\r\n  a: |\r\n    x\r\n    y\r\n")]
    public void Text_OfOneDocument_IsReadAsKubectlReadsIt(string text) => AssertSame(text);

    /// <summary>Scalars of the pieces that numbers, booleans and nulls are made of, in every style and with every tag.</summary>
    [Fact]
    public void Scalars_MadeAtRandom_AreReadAsKubectlReadsThem()
    {
        string[] pieces = ["0", "1", "7", "8", "9", "00", "10", "_", ".", "e", "E", "+", "-", "0x", "0X", "0o", "0O", "0b", "f", "F", "x",
            "o", ".5", "1.", "e3", "e-7", "e400", "9223372036854775807",
            "9223372036854775808", "18446744073709551615", "18446744073709551616", "y", "n", "Y", "N", "yes", "No", "oN", "off", "true",
                "False", "TRUE", "~", "null", "Null", "NULL", ".inf", ".NaN", ":30", "2001-01-01"];
        string[] tags = ["", "", "", "", "", "", "!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!x "];
        var random = new Random(7);
        var scalars = new SortedSet<string>(StringComparer.Ordinal);
        while (scalars.Count < 4000)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => pieces[random.Next(pieces.Length)]));
            if (text is "-" or "~") continue;
            scalars.Add(tags[random.Next(tags.Length)] + random.Next(8) switch { 0 => $"'{text}'", 1 => $"\"{text}\"", _ => text });
        }
        string[] read = [.. scalars.Where(scalar => Ours(List([scalar])) is not null)], refused = [.. scalars.Except(read)];
        var ours = Ours(List(read))!["spec"]!.AsArray();
        var theirs = (Kubectl(List(read), out var error) ?? throw new InvalidOperationException(error))["spec"]!.AsArray();
        for (int i = 0; i < read.Length; i++)
            Assert.True(Same(ours[i], theirs[i]), $"{read[i]}: we read {Show(ours[i])}, kubectl {Show(theirs[i])}");
        foreach (var scalar in refused.Where((_, i) => i % Math.Max(1, refused.Length / 30) == 0))
            Assert.True(Kubectl(List([scalar]), out var _) is null, $"{scalar}: kubectl reads it");

        static string List(IEnumerable<string> scalars) => Head + "spec:\n" + string.Concat(scalars.Select(scalar => $"- {scalar}\n"));
    }

    /// <summary>What is written is read back the same, whatever the texts look like.</summary>
    [Fact]
    public void Write_OfTextsThatLookLikeValues_KeepsThemTexts()
    {
        string[] texts = ["010", "0x1F", "0o17", "0b1", "1_000", "1e3", ".5", "+1", "y", "N", "on", "Off", "~", "null", "<<", "2001-01-01",
            "1:30", ".inf", ".NaN", "", " ", "- a", "a: b", "#", "é\n", "\u0085", "1.", "0_8"];
        var node = new JsonObject { ["texts"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]) };
        foreach (var text in texts) node[text] = 1; // as keys, too
        var yaml = YamlJson.Write(node);
        Assert.Equal(node.ToJsonString(), YamlJson.ToJson(yaml, "test")[0]!.ToJsonString());
    }

    private void AssertSame(string text)
    {
        JsonNode? theirs = Kubectl(text, out var error), ours = Ours(text);
        Assert.True((ours is null) == (theirs is null), $"we read {Show(ours)}, kubectl {(theirs is null ? error : Show(theirs))}");
        if (theirs is not null) Assert.True(Same(ours, theirs), $"we read {Show(ours)}, kubectl {Show(theirs)}");
    }

    private static JsonNode? Ours(string text)
    {
        try
        {
            return Assert.Single(YamlJson.ToJson(text, "test"));
        }
        catch (ManifestException)
        {
            return null;
        }
    }

    /// <summary>The document as kubectl sees it, without a server; null where it refuses it.</summary>
    private JsonNode? Kubectl(string text, out string error)
    {
        var file = Path.Combine(_folder, "document.yaml");
        File.WriteAllText(file, text, new UTF8Encoding(false));
        var start = new ProcessStartInfo(Program(), ["patch", "--local", "--type=merge", "-p", "{}", "-o", "json", "-f", file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["KUBECONFIG"] = "/dev/null" },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        error = errors.Result;
        return process.ExitCode == 0 ? JsonNode.Parse(output) : null;
    }

    private static string Program()
    {
        string[] places = [Path.Combine(RepositoryFolder.Path, ".cache/kubectl/v35"),
            .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')];
        var program = places.Select(place => Path.Combine(place, "kubectl")).FirstOrDefault(File.Exists);
        if (program is null) Assert.Skip("kubectl is absent");
        return program!;
    }

    private static bool Same(JsonNode? a, JsonNode? b) => (a, b) switch
    {
        (null, null) => true,
        (JsonObject x, JsonObject y) => x.Count == y.Count && x.All(field => y.ContainsKey(field.Key) && Same(field.Value, y[field.Key])),
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(pair => Same(pair.First, pair.Second)),
        (JsonValue x, JsonValue y) => x.GetValueKind() == y.GetValueKind() && (x.ToJsonString() == y.ToJsonString()
            || (x.GetValueKind() == System.Text.Json.JsonValueKind.String ? x.GetValue<string>() == y.GetValue<string>()
                : Number(x) is { } n && n == Number(y))),
        _ => false,
    };

    private static double? Number(JsonValue value) => value.GetValueKind() == System.Text.Json.JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : null;

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "null";
}
