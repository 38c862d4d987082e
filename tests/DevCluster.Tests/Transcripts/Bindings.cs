using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>What the placeholders of a case stand for so far. Immutable, so that a comparison can try and go back.</summary>
internal sealed partial record Bindings(ImmutableDictionary<string, string> Values)
{
    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["uid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["rv"] = "[0-9]+",
        ["suffix"] = "[bcdfghjklmnpqrstvwxz2456789]{5}",
        ["continue"] = "[^\"]+",
        ["token"] = "[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+",
        ["etag"] = ".+",
        ["time"] = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
        ["microtime"] = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]+Z",
        ["age"] = "([0-9]+[smhdy])+",
        ["int"] = "-?[0-9]+",
        ["hex"] = "[0-9a-fA-F]+",
        ["any"] = "[\\s\\S]*",
        ["ns"] = "[a-z0-9-]+",
        ["ns2"] = "[a-z0-9-]+",
    };

    private static readonly string[] Binding = ["uid", "rv", "suffix", "continue", "token", "etag", "ns", "ns2"];

    public static readonly Bindings Empty = new(ImmutableDictionary<string, string>.Empty);

    [GeneratedRegex(@"\$\{([a-z0-9]+)(?::([^}]*))?\}")]
    private static partial Regex Placeholder();

    public Bindings With(string key, string value) => new(Values.SetItem(key, value));

    /// <summary>Puts the values into a request.</summary>
    public string Fill(string template) => Placeholder().Replace(template, m => m.Groups[1].Value == "now"
        ? DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture)
        : Values.GetValueOrDefault(m.Value[2..^1]) ?? throw new KeyNotFoundException($"{m.Value} has no value yet"));

    /// <summary>Matches a template; null when it does not fit.</summary>
    public Bindings? Match(string template, string actual)
    {
        var places = Placeholder().Matches(template);
        if (places.Count == 0)
            return template == actual ? this : null;
        var pattern = new StringBuilder("^");
        var at = 0;
        var keys = new List<string>();
        foreach (Match place in places)
        {
            pattern.Append(Regex.Escape(template[at..place.Index]));
            at = place.Index + place.Length;
            var key = place.Value[2..^1];
            if (Values.TryGetValue(key, out var bound))
            {
                pattern.Append(Regex.Escape(bound));
            }
            else if (keys.IndexOf(key) is >= 0 and var known && Binding.Contains(place.Groups[1].Value))
            {
                pattern.Append($"\\k<p{known}>");
            }
            else
            {
                pattern.Append($"(?<p{keys.Count}>{Patterns[place.Groups[1].Value]})");
                keys.Add(key);
            }
        }

        var match = Regex.Match(actual, pattern.Append(Regex.Escape(template[at..])).Append("\\z").ToString());
        if (!match.Success)
            return null;
        var result = this;
        for (var i = 0; i < keys.Count; i++)
        {
            var kind = keys[i].Split(':')[0];
            if (!Binding.Contains(kind))
                continue;
            var value = match.Groups[$"p{i}"].Value;
            if (!result.MayBe(keys[i], kind, value))
                return null;
            result = result.With(keys[i], value);
        }

        return result;
    }

    // Two uids are never the same, nor are two suffixes or two versions of one object.
    private bool MayBe(string key, string kind, string value)
    {
        var scope = kind switch
        {
            "uid" or "suffix" => kind + ":",
            "rv" when key.Contains('@') => key[..(key.IndexOf('@') + 1)],
            _ => null,
        };
        return scope is null || !Values.Any(v => v.Value == value && v.Key.StartsWith(scope, StringComparison.Ordinal));
    }
}
