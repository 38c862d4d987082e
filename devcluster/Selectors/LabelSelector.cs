namespace LightReasoner.DevCluster.Selectors;

/// <summary>A conjunction of requirements on labels.</summary>
internal sealed partial class LabelSelector
{
    private readonly List<Requirement> requirements = [];

    public bool IsEverything => requirements.Count == 0;

    [GeneratedRegex(@"\G\s*(?<not>!\s*)?(?<key>[\w./-]+)"
        + @"(\s*(?<op>==?|!=|>|<)\s*(?<values>[\w.-]*)|\s+(?<op>in|notin)\s*\((?<values>[^()]*)\))?\s*(,(?=.)|\z)")]
    private static partial Regex Syntax();

    /// <summary>Reads the query form: <c>a=b,c!=d,e in (f,g),h,!i</c>.</summary>
    public static LabelSelector Parse(string? text)
    {
        var selector = new LabelSelector();
        text = text?.Trim() ?? "";
        for (var at = 0; at < text.Length;)
        {
            var match = Syntax().Match(text, at);
            if (!match.Success)
                throw Fail.BadRequest($"unable to parse requirement: {text[at..]}: expected KEY, !KEY, KEY=VALUE or KEY in (VALUE,…)");
            var op = match.Groups["not"].Success ? "!" : match.Groups["op"].Value is { Length: > 0 } given ? given : "exists";
            selector.requirements.Add(new Requirement(match.Groups["key"].Value, op,
                [.. match.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries)]));
            at += match.Length;
        }

        return selector;
    }

    /// <summary>Reads the object form: matchLabels and matchExpressions.</summary>
    public static LabelSelector FromObject(JsonObject? selector)
    {
        var result = new LabelSelector();
        foreach (var (key, value) in selector.Entries("matchLabels"))
            result.requirements.Add(new Requirement(key, "=", [value]));
        foreach (var e in selector.Items("matchExpressions"))
        {
            var op = e.Text("operator") switch { "In" => "in", "NotIn" => "notin", "Exists" => "exists", _ => "!" };
            result.requirements.Add(new Requirement(e.Text("key") ?? "", op, [.. e.Strings("values")]));
        }

        result.requirements.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return result;
    }

    public bool Matches(JsonObject? labels) => requirements.TrueForAll(r => r.Matches(labels.Text(r.Key)));

    public override string ToString() => requirements.Count == 0 ? "<none>" : string.Join(",", requirements);

    private sealed record Requirement(string Key, string Operator, string[] Values)
    {
        public bool Matches(string? value) => Operator switch
        {
            "=" or "==" or "in" => value is not null && Values.Contains(value),
            "!=" or "notin" => value is null || !Values.Contains(value),
            "exists" => value is not null,
            "!" => value is null,
            _ => long.TryParse(value, out var l) && long.TryParse(Values[0], out var bound) && (Operator == ">" ? l > bound : l < bound),
        };

        public override string ToString() => Operator switch
        {
            "exists" => Key,
            "!" => "!" + Key,
            "in" or "notin" => $"{Key} {Operator} ({string.Join(",", Values.Order(StringComparer.Ordinal))})",
            _ => $"{Key}{Operator}{Values[0]}",
        };
    }
}
