using System.Text.Json.Nodes;

namespace LightReasoner.Bench;

/// <summary>Whether both programs gave the same: ids exactly, numbers up to float32's rounding over different orders of summation.</summary>
internal static class Equality
{
    private const double Tolerance = 2e-3;

    /// <summary>Null when equal, else where they first differ.</summary>
    /// <param name="reference">Its result, perhaps of a part of the questions.</param>
    /// <param name="worker">Ours.</param>
    /// <param name="part">For sampling: the questions that the reference answered.</param>
    public static string? Difference(JsonNode reference, JsonNode worker, (int First, int Count)? part)
    {
        if (part is { } range)
            worker = new JsonArray([.. worker.AsArray().Where(s => (int)s!["prompt"]! >= range.First && (int)s["prompt"]! < range.First + range.Count).Select(s => s!.DeepClone())]);
        return Compare(reference, worker, "$");
    }

    private static string? Compare(JsonNode? a, JsonNode? b, string path)
    {
        switch (a, b)
        {
            case (JsonArray x, JsonArray y):
                if (x.Count != y.Count)
                    return $"{path}: {x.Count} entries against {y.Count}";
                return x.Zip(y).Select((pair, i) => Compare(pair.First, pair.Second, $"{path}[{i}]")).FirstOrDefault(found => found is not null);
            case (JsonObject x, JsonObject y):
                return x.Select(field => Compare(field.Value, y[field.Key], $"{path}.{field.Key}")).FirstOrDefault(found => found is not null);
            case (JsonValue x, JsonValue y):
                double u = Number(x), v = Number(y);
                return Math.Abs(u - v) <= (double.IsInteger(u) && double.IsInteger(v) ? 0 : Tolerance * Math.Max(1, Math.Abs(u))) ? null : $"{path}: {u} against {v}";
            default:
                return $"{path}: one of the two is missing";
        }
    }

    private static double Number(JsonValue value) => double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
}
