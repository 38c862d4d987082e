using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Rest;

/// <summary>Where a paged list goes on: the revision it is taken at and the first key of the rest, relative to what is listed.</summary>
internal sealed record ContinueToken(long Version, string Start)
{
    public override string ToString()
    {
        var text = new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = Version, ["start"] = Start }.ToText();
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>The key of an object within a list of one namespace or of all.</summary>
    public static string KeyIn(string listedNamespace, Storage.StoredObject o) => listedNamespace.Length > 0 ? o.Name : o.Key;

    public static ContinueToken After(long version, string listedNamespace, Storage.StoredObject last) =>
        new(version, KeyIn(listedNamespace, last) + "\0");

    public static ContinueToken? Parse(string text)
    {
        try
        {
            var padded = text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '=');
            var o = JsonReading.Parse(Convert.FromBase64String(padded));
            return o.Number("rv") is { } version && o.Text("start") is { } start ? new ContinueToken(version, start) : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }
}
