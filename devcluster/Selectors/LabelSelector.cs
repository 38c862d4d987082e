using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Selectors;

/// <summary>A conjunction of requirements on labels.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly List<Requirement> requirements;

    private LabelSelector(List<Requirement> requirements) => this.requirements = requirements;

    public bool IsEverything => requirements.Count == 0;

    /// <summary>Reads the query form: <c>a=b,c!=d,e in (f,g),h,!i</c>.</summary>
    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return Everything;
        return new LabelSelector([.. new Parser(text).All()]);
    }

    /// <summary>Reads the object form: matchLabels and matchExpressions.</summary>
    public static LabelSelector FromObject(JsonObject selector)
    {
        var list = new List<Requirement>();
        foreach (var (key, value) in selector.Map("matchLabels") ?? [])
            list.Add(new Requirement(key, "=", [value.Text() ?? ""]));
        foreach (var e in selector.ArrayAt("matchExpressions") ?? [])
        {
            var op = e.Text("operator") switch { "In" => "in", "NotIn" => "notin", "Exists" => "exists", _ => "!" };
            list.Add(new Requirement(e.Text("key") ?? "", op, [.. e.At("values").StringItems()]));
        }

        return new LabelSelector([.. list.OrderBy(r => r.Key, StringComparer.Ordinal)]);
    }

    public bool Matches(JsonObject? labels) => requirements.All(r => r.Matches(labels));

    public override string ToString() => string.Join(",", requirements);

    private sealed record Requirement(string Key, string Operator, string[] Values)
    {
        public bool Matches(JsonObject? labels)
        {
            var value = labels.Text(Key);
            return Operator switch
            {
                "=" or "==" or "in" => value is not null && Values.Contains(value),
                "!=" or "notin" => value is null || !Values.Contains(value),
                "exists" => value is not null,
                "!" => value is null,
                _ => long.TryParse(value, CultureInfo.InvariantCulture, out var l)
                    && (Operator == ">" ? l > long.Parse(Values[0], CultureInfo.InvariantCulture)
                        : l < long.Parse(Values[0], CultureInfo.InvariantCulture)),
            };
        }

        public override string ToString() => Operator switch
        {
            "exists" => Key,
            "!" => "!" + Key,
            "in" or "notin" => $"{Key} {Operator} ({string.Join(",", Values.Order(StringComparer.Ordinal))})",
            _ => $"{Key}{Operator}{Values[0]}",
        };
    }

    private sealed class Parser(string text)
    {
        private int at;

        public IEnumerable<Requirement> All()
        {
            while (true)
            {
                yield return Next();
                var token = Token();
                if (token.Length == 0)
                    yield break;
                if (token != ",")
                    throw Bad($"found '{token}', expected: ',' or 'end of string'");
                if (Peek().Length == 0)
                    throw Bad("found '', expected: identifier after ','");
            }
        }

        private Requirement Next()
        {
            var key = Token();
            if (key == "!")
            {
                key = Token();
                Check(key);
                return new Requirement(key, "!", []);
            }

            Check(key);
            var op = Peek();
            if (op is "" or ",")
                return new Requirement(key, "exists", []);
            Token();
            switch (op)
            {
                case "in" or "notin":
                    return new Requirement(key, op, Set(key));
                case "=" or "==" or "!=" or ">" or "<":
                    var value = Peek() is "" or "," ? "" : Token();
                    if (value is "=" or "==" or "!=" or "(" or ")" or "!" or ">" or "<")
                        throw Bad($"found '{value}', expected: identifier");
                    CheckValue(key, value);
                    if (op is ">" or "<" && !long.TryParse(value, CultureInfo.InvariantCulture, out _))
                        throw Bad($"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer",
                            parse: false);
                    return new Requirement(key, op, [value]);
                default:
                    throw Bad($"found '{op}', expected: in, notin, =, ==, !=, gt, lt");
            }
        }

        private string[] Set(string key)
        {
            var open = Token();
            if (open != "(")
                throw Bad($"found '{open}' expected: '('");
            var values = new List<string>();
            while (true)
            {
                var token = Token();
                if (token == ")")
                {
                    values.Add("");
                    break;
                }

                if (token == ",")
                {
                    values.Add("");
                    continue;
                }

                if (token.Length == 0)
                    throw Bad("found '', expected: ',', ')' or identifier");
                CheckValue(key, token);
                values.Add(token);
                var separator = Token();
                if (separator == ")")
                    break;
                if (separator != ",")
                    throw Bad($"found '{separator}', expected: ',' or ')'");
            }

            return [.. values.Distinct()];
        }

        private static void Check(string key)
        {
            if (key is "" or "," or "=" or "==" or "!=" or "(" or ")" or "<" or ">")
                throw Bad($"found '{key}', expected: !, identifier, or 'end of string'");
            if (Names.QualifiedName(key).FirstOrDefault() is { } problem)
                throw Bad($"key: Invalid value: {FieldError.Quote(key)}: {problem}", parse: false);
        }

        private static void CheckValue(string key, string value)
        {
            if (Names.LabelValue(value).FirstOrDefault() is { } problem)
                throw Bad($"values[0][{key}]: Invalid value: {FieldError.Quote(value)}: {problem}", parse: false);
        }

        private string Peek()
        {
            var before = at;
            var token = Token();
            at = before;
            return token;
        }

        private string Token()
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at >= text.Length)
                return "";
            var start = at;
            if ("=!<>".Contains(text[at]))
            {
                at += at + 1 < text.Length && text[at + 1] == '=' && text[at] is '=' or '!' && at + 1 < text.Length
                    && text[at + 1] == '=' ? 2 : 1;
                return text[start..at];
            }

            if (",()".Contains(text[at]))
                return text[at++].ToString();
            while (at < text.Length && !char.IsWhiteSpace(text[at]) && !"=!<>,()".Contains(text[at]))
                at++;
            return text[start..at];
        }

        private static ApiException Bad(string problem, bool parse = true)
            => Fail.BadRequest(parse ? $"unable to parse requirement: {problem}" : $"unable to parse requirement: {problem}");
    }
}
