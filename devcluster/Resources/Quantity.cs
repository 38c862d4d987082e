using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Amounts of cpu, memory and so on: <c>500m</c>, <c>1.5Gi</c>, <c>1e3</c>.</summary>
internal static partial class Quantity
{
    public const string Rule = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private static readonly Dictionary<string, double> Scale = new()
    {
        ["n"] = 1e-9,
        ["u"] = 1e-6,
        ["m"] = 1e-3,
        [""] = 1,
        ["k"] = 1e3,
        ["M"] = 1e6,
        ["G"] = 1e9,
        ["T"] = 1e12,
        ["P"] = 1e15,
        ["E"] = 1e18,
        ["Ki"] = 1024.0,
        ["Mi"] = 1048576.0,
        ["Gi"] = 1073741824.0,
        ["Ti"] = 1099511627776.0,
        ["Pi"] = 1125899906842624.0,
        ["Ei"] = 1152921504606846976.0,
    };

    [GeneratedRegex(@"^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]+))?$")]
    private static partial Regex Form();

    /// <summary>The amount in units, or null when the text is no quantity.</summary>
    public static double? Parse(string text)
    {
        var match = Form().Match(text);
        if (!match.Success)
            return null;
        var number = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return match.Groups[3].Success
            ? number * Math.Pow(10, int.Parse(match.Groups[3].Value, CultureInfo.InvariantCulture))
            : number * Scale[match.Groups[2].Value];
    }

    /// <summary>The form in which a quantity is stored: a string, without fractions (0.5 → 500m, 1000m → 1).</summary>
    public static JsonNode? Canonical(JsonNode? node)
    {
        var text = node.AsString() ?? node.Text();
        if (Parse(text) is not { } amount)
            return node?.DeepClone();
        var suffix = Form().Match(text).Groups[2].Value;
        if (suffix.EndsWith('i'))
            return node.AsString() is null || text.Contains('.') ? Whole(amount) : text;
        return Decimal(amount);
    }

    private static JsonNode Whole(double amount) => amount.ToString("0", CultureInfo.InvariantCulture);

    private static JsonNode Decimal(double amount)
    {
        foreach (var (suffix, scale) in new[] { ("E", 1e18), ("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0), ("m", 1e-3), ("u", 1e-6) })
        {
            var value = amount / scale;
            if (amount == 0)
                return "0";
            if (Math.Abs(value - Math.Round(value)) < 1e-6 && Math.Abs(value) >= 1)
                return Math.Round(value).ToString("0", CultureInfo.InvariantCulture) + suffix;
        }

        return amount.ToString(CultureInfo.InvariantCulture);
    }
}
