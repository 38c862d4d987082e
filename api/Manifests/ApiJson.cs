using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LightReasoner.Api;

/// <summary>How the records of this API are written as JSON: camelCase, no nulls, text as it is.</summary>
public static class ApiJson
{
    /// <summary>Compact; unknown fields are passed over.</summary>
    public static JsonSerializerOptions Options { get; } = Create(indented: false, JsonUnmappedMemberHandling.Skip);

    /// <summary>Indented, for files that people read.</summary>
    public static JsonSerializerOptions Indented { get; } = Create(indented: true, JsonUnmappedMemberHandling.Skip);

    /// <summary>Refuses unknown fields.</summary>
    public static JsonSerializerOptions Strict { get; } = Create(indented: false, JsonUnmappedMemberHandling.Disallow);

    private static JsonSerializerOptions Create(bool indented, JsonUnmappedMemberHandling unmapped)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            WriteIndented = indented,
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            UnmappedMemberHandling = unmapped,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
        };
        options.MakeReadOnly();
        return options;
    }
}
