using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.Api;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api.Tests;

/// <summary>
/// What a kube-apiserver asks of a definition before it takes it: structural schemas (KEP-1693 and the rules for defaults, list types and
/// printer columns), rules of which each may cost 10,000,000 and all together 100,000,000 by its estimate.
/// </summary>
public class ServerRulesTests
{
    private const double MostForOneRule = 10_000_000, MostForAllRules = 100_000_000;

    public static TheoryData<RunKind> Kinds => [.. Enum.GetValues<RunKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Schema_IsStructural(RunKind kind)
    {
        string[] known =
        [
            "description", "type", "format", "default", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                "minLength", "maxLength", "pattern",
            "minItems", "maxItems", "maxProperties", "required", "properties", "additionalProperties", "items", "anyOf",
                "x-kubernetes-int-or-string",
            "x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
        ];
        var problems = new List<string>();
        foreach (var node in SchemaNode.Of(kind))
        {
            var s = node.Schema;
            foreach ((string key, _) in s) Check(known.Contains(key), $"{key} is not allowed");
            var intOrString = (bool?)s["x-kubernetes-int-or-string"] == true;
            Check(intOrString ? s["type"] is null : node.Type is "object" or "array" or "string" or "integer" or "number" or "boolean",
                $"type {node.Type}");
            Check(s["anyOf"] is null || intOrString && s["anyOf"]!.ToJsonString() == """[{"type":"integer"},{"type":"string"}]""", "anyOf");
            Check(s["properties"] is null || s["additionalProperties"] is null, "properties beside additionalProperties");
            Check(node.Type != "array" || s["items"] is JsonObject, "an array without items");
            Check(s["format"] is null || $"{node.Type}/{s["format"]}" is "integer/int32" or "integer/int64" or "string/date-time",
                $"format {s["format"]}");
            Check(s["x-kubernetes-preserve-unknown-fields"] is null || (bool?)s["x-kubernetes-preserve-unknown-fields"] == true,
                "x-kubernetes-preserve-unknown-fields must be true or absent");
            Check((s["x-kubernetes-list-type"] is not null) == (node.Type == "array"), "every list, and nothing else, says its type");
            foreach (var required in Texts(s["required"]))
                Check(s["properties"]?[required!] is not null, $"requires {required}, which it does not have");
            var items = s["items"];
            if ((string?)s["x-kubernetes-list-type"] == "set")
                Check((string?)items!["type"] is "string" or "integer", "a set of what is no scalar");
            Check(((string?)s["x-kubernetes-list-type"] == "map") == (s["x-kubernetes-list-map-keys"] is not null), "map keys");
            foreach (var key in Texts(s["x-kubernetes-list-map-keys"]))
                Check((string?)items?["properties"]?[key!]?["type"] == "string"
                    && Texts(items["required"]).Contains(key), $"map key {key}");
            if (s["default"] is { } value) problems.AddRange(node.Problems(value));

            void Check(bool holds, string problem)
            {
                if (!holds) problems.Add($"{node.Path}: {problem}");
            }
        }
        Assert.Empty(problems);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Rules_AreAffordable_AndPointAtFieldsThatExist(RunKind kind)
    {
        double all = 0;
        foreach (var node in SchemaNode.Of(kind))
        {
            foreach (var rule in node.Schema["x-kubernetes-validations"]?.AsArray() ?? [])
            {
                string text = (string)rule!["rule"]!, message = (string)rule["message"]!, field = (string?)rule["fieldPath"] ?? "";
                Assert.False(string.IsNullOrWhiteSpace(message) || message.AsSpan().IndexOfAny('\r', '\n') >= 0,
                    $"{node.Path}: the message of {text}");
                Assert.True(field.Length == 0 || field[0] == '.' && node.Find(field[1..]) is not null, $"{node.Path}: {field} of {text}");
                // What one knows of the old object is by its place: the items of a list have none.
                Assert.True(node.IsCorrelated || !text.Contains("oldSelf", StringComparison.Ordinal), $"{node.Path}: {text}");
                Assert.Null(rule["optionalOldSelf"]);
                var cost = Cost(node, text) * node.MostOccurrences;
                Assert.True(cost < MostForOneRule / 4, $"{node.Path}: {text} may cost {cost}");
                all += cost;
            }
        }
        Assert.InRange(all, 1, MostForAllRules / 4);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void PrinterColumns_ShowFieldsOfTheirType(RunKind kind)
    {
        var root = SchemaNode.Of(kind).First();
        foreach (var column in CrdGenerator.Definition(kind)["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray())
        {
            string path = (string)column!["jsonPath"]!, type = (string)column["type"]!;
            Assert.Matches(@"^(\.[a-zA-Z]+)+$", path);
            if (path == ".metadata.creationTimestamp") continue;
            var field = root.Find(path[1..]) ?? throw new InvalidOperationException($"{kind} has no field {path}");
            Assert.Equal((type, type is "string" or "integer" or "number"), (field.Type, true));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Names_AreLabels_AndTheWholeFitsIntoAnAnnotation(RunKind kind)
    {
        var definition = CrdGenerator.Definition(kind);
        var names = definition["spec"]!["names"]!;
        string[] labels = [(string)names["plural"]!, (string)names["singular"]!, ((string)names["kind"]!).ToLowerInvariant(),
            .. Texts(names["shortNames"])!, .. Texts(names["categories"])!];
        Assert.All(labels, label => Assert.Matches("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", label));
        Assert.Equal((string)names["kind"]! + "List", (string)names["listKind"]!);
        Assert.Equal($"{names["plural"]}.{definition["spec"]!["group"]}", (string)definition["metadata"]!["name"]!);
        // `kubectl apply` keeps the whole document in an annotation; all annotations of an object together may have 256 KiB.
        Assert.InRange(definition.ToJsonString().Length, 1, 200 * 1024);
    }

    /// <summary>
    /// At least what the server estimates: a unit for every step, and a tenth of a unit for every character, item or entry that a compared
    /// value may have. Rules without loops only.
    /// </summary>
    private static double Cost(SchemaNode node, string rule)
    {
        Assert.All(Regex.Matches(rule, @"(\w+)\("), call =>
            Assert.Contains(call.Groups[1].Value, new[] { "has", "size", "type", "startsWith" }));
        double cost = Regex.Count(rule, @"==|!=|<=|>=|&&|\|\||[!?<>]") + Regex.Count(rule, @"\w+\(");
        foreach (Match operand in Regex.Matches(rule, @"\b(?:self|oldSelf)((?:\.\w+\b(?!\())*)"))
        {
            var path = operand.Groups[1].Value.TrimStart('.');
            var value = path.Length == 0 ? node : node.Find(path)
                ?? throw new InvalidOperationException($"{node.Path} has no field {path}, which stands in {rule}");
            cost += 1 + path.Count(c => c == '.') + 0.1 * value.MostElements;
        }
        return cost;
    }

    private static string?[] Texts(JsonNode? list) => [.. (list?.AsArray() ?? []).Select(item => (string?)item)];
}
