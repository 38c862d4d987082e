using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.Api.Validation;

namespace LightReasoner.Api;

/// <summary>Manifests from YAML or JSON text and back. Reading applies the defaults and refuses what the CRD would refuse.</summary>
public static class ManifestReader
{
    /// <summary>Reads the one document in <paramref name="text"/>.</summary>
    /// <param name="text">YAML, or JSON (which YAML contains).</param>
    /// <param name="source">Name of the file for messages.</param>
    /// <param name="overrides"><c>path=value</c> pairs such as <c>spec.selection.beta=0.5</c>, laid over the document; values are YAML.
    /// Each path once.</param>
    /// <exception cref="ManifestException">The text does not parse, has unknown fields, or breaks a rule.</exception>
    public static Manifest Read(string text, string source, IEnumerable<string>? overrides = null)
    {
        var documents = YamlJson.Parse(text, source);
        if (documents.Count != 1)
            throw new ManifestException(source, [new FieldError("", $"must hold one document, holds {documents.Count}")]);
        var document = documents[0];
        var set = new HashSet<string>();
        foreach (var change in overrides ?? [])
        {
            var path = Override(document.Root, change);
            if (!set.Add(path)) throw new ManifestException(Option(path), [new FieldError("", "is given twice")]);
        }
        try
        {
            return Bind(document.Root, source, document.LineOf);
        }
        catch (ManifestException e) when (set.Count > 0)
        {
            throw new ManifestException(source, [.. e.Errors.Select(error =>
                set.Any(path => IsWithin(error.Path, path)) ? error with { Option = "--set" } : error)]);
        }
    }

    /// <summary>Reads every document in <paramref name="text"/>, in order.</summary>
    /// <param name="text">YAML with <c>---</c> between documents, or JSON.</param>
    /// <param name="source">Name of the file for messages.</param>
    /// <exception cref="ManifestException">A document does not parse, has unknown fields, or breaks a rule.</exception>
    public static IReadOnlyList<Manifest> ReadAll(string text, string source) =>
        [.. YamlJson.Parse(text, source).Select(document => Bind(document.Root, source, document.LineOf))];

    /// <summary>The document as JSON, defaults written out.</summary>
    public static string ToJson(Manifest manifest) => JsonSerializer.Serialize(manifest, manifest.GetType(), ApiJson.Indented);

    /// <summary>The document as YAML, defaults written out.</summary>
    public static string ToYaml(Manifest manifest) =>
        YamlJson.Write(JsonSerializer.SerializeToNode(manifest, manifest.GetType(), ApiJson.Options)!);

    private static Manifest Bind(JsonNode? root, string source, Func<string, int?> lineOf)
    {
        if (root is not JsonObject document)
            throw new ManifestException(source, [new FieldError("", "must be a mapping with apiVersion, kind, metadata and spec")]);
        string? version = Text(document, "apiVersion"), kindName = Text(document, "kind");
        if (version != ApiGroup.ApiVersion)
            throw Single("apiVersion", $"must be {ApiGroup.ApiVersion}, was {Quoted(version)}");
        if (!Enum.TryParse(kindName, out RunKind kind) || !Enum.IsDefined(kind) || kindName != kind.ToString())
            throw Single("kind", $"must be one of {string.Join(", ", Enum.GetNames<RunKind>())}, was {Quoted(kindName)}");

        Nulls.Drop(Manifest.TypeOf(kind), document);
        var errors = DocumentValidator.Validate(Manifest.TypeOf(kind), document);
        if (errors.Count > 0) throw new ManifestException(source, [.. errors.Select(e => e with { Line = lineOf(e.Path) })]);
        try
        {
            return (Manifest)document.Deserialize(Manifest.TypeOf(kind), ApiJson.Strict)!;
        }
        catch (JsonException e)
        {
            throw Single((e.Path ?? "").TrimStart('$', '.'), e.Message);
        }

        ManifestException Single(string path, string message) => new(source, [new FieldError(path, message, lineOf(path))]);
    }

    private static string? Text(JsonObject node, string key) =>
        node[key] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static string Quoted(string? text) => text is null ? "missing" : $"'{text}'";

    private static string Option(string path) => $"--set {path}";

    private static bool IsWithin(string path, string parent) => path.StartsWith(parent, StringComparison.Ordinal)
        && (path.Length == parent.Length || path[parent.Length] is '.' or '[');

    /// <summary>Lays a change over the document and returns its path.</summary>
    private static string Override(JsonNode? root, string change)
    {
        var equals = change.IndexOf('=');
        if (equals <= 0 || root is not JsonObject node)
            throw new ManifestException("--set", [new FieldError("", $"must have the form path=value, was '{change}'")]);
        var whole = change[..equals];
        var path = whole.Split('.');
        foreach (var part in path[..^1])
        {
            if (node[part] is null) node[part] = new JsonObject();
            node = node[part] as JsonObject
                ?? throw new ManifestException(Option(whole), [new FieldError("", $"'{part}' is not a mapping in the document")]);
        }
        node[path[^1]] = YamlJson.Parse(change[(equals + 1)..], Option(whole)) is [var value, ..] ? value.Root?.DeepClone() : null;
        return whole;
    }
}
