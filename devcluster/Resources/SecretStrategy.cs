using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class SecretStrategy : ResourceStrategy
{
    private const string AccountAnnotation = "kubernetes.io/service-account.name";

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Type", Description: "Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types"),
        new("Data", Description: "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4"),
        Column.Age,
    ];

    public override IReadOnlyList<string> SelectableFields { get; } = ["type"];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), o.StringAt("type"), o.ObjectAt("data")?.Count ?? 0, TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        o.Default("type", "Opaque");
        if (o["stringData"] is JsonObject text)
        {
            var data = o.Ensure("data");
            foreach (var (key, value) in text)
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsString() ?? ""));
            o.Remove("stringData");
        }
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        foreach (var error in DataKeys.Validate(o, "data", null))
            yield return error;
        var keys = RequiredKeys(o.StringAt("type"));
        foreach (var key in keys)
        {
            if (o.At("data", key) is null)
                yield return FieldError.Required($"data[{key}]");
        }

        if (o.StringAt("type") == "kubernetes.io/service-account-token" && o.StringAt("metadata", "annotations", AccountAnnotation) is not { Length: > 0 })
            yield return FieldError.Required($"metadata.annotations[{AccountAnnotation}]");

        // One of the two is enough.
        if (o.StringAt("type") == "kubernetes.io/basic-auth" && o.At("data", "username") is null && o.At("data", "password") is null)
        {
            yield return FieldError.Required("data[username]");
            yield return FieldError.Required("data[password]");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
    {
        if (o.StringAt("type") != old.StringAt("type"))
            yield return FieldError.Invalid("type", o["type"], "field is immutable");
        foreach (var error in DataKeys.Immutable(o, old, "data"))
            yield return error;
        foreach (var error in ValidateCreate(o))
            yield return error;
    }

    private static string[] RequiredKeys(string? type) => type switch
    {
        "kubernetes.io/tls" => ["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
        "kubernetes.io/dockercfg" => [".dockercfg"],
        "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
        _ => [],
    };
}
