using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Rest;

/// <summary>Stored objects as a client gets to see them: in the served version, as Table, or as metadata only.</summary>
internal sealed class Presentation(ResourceType type, Negotiation form, TimeProvider time, string includeObject)
{
    private string MetaVersion => $"meta.k8s.io/{form.AsVersion}";

    public bool IsTable => form.As == "Table";

    public JsonObject Served(JsonObject stored)
    {
        var custom = type.Custom && stored.ApiVersion() != type.GroupVersion;
        if (!custom && !type.Strategy.Converts && !type.DefaultsOnRead)
            return stored;
        var copy = stored.Copy();
        if (type.DefaultsOnRead)
            Schema.Defaulting.Apply(copy, type.Schema);
        if (custom)
            copy["apiVersion"] = type.GroupVersion;
        type.Strategy.Encode(copy);
        return copy;
    }

    /// <summary>One object as the answer to a request for one object.</summary>
    public JsonObject One(JsonObject stored) => form.As switch
    {
        "Table" => Table([stored], stored.StringAt("metadata", "resourceVersion"), null, null, withColumns: true),
        "PartialObjectMetadata" => Partial(stored),
        _ => Served(stored),
    };

    /// <summary>One object in a watch.</summary>
    public JsonObject Event(JsonObject stored, bool first) => form.As switch
    {
        "Table" => Table([stored], stored.StringAt("metadata", "resourceVersion"), null, null, first),
        "PartialObjectMetadata" or "PartialObjectMetadataList" => Partial(stored),
        _ => Served(stored),
    };

    public JsonObject Bookmark(long version, bool initialEnd, bool first)
    {
        var metadata = new JsonObject { ["resourceVersion"] = Text(version) };
        if (initialEnd)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        if (IsTable)
            return Table([], Text(version), null, null, first);
        if (form.As.Length > 0)
            return new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = MetaVersion, ["metadata"] = metadata };
        if (!type.Custom)
            metadata["creationTimestamp"] = null;
        if (type.Custom)
            metadata.Remove("creationTimestamp");
        return new JsonObject { ["kind"] = type.Kind, ["apiVersion"] = type.GroupVersion, ["metadata"] = metadata };
    }

    public JsonObject List(IReadOnlyCollection<StoredObject> objects, long version, string? token, long? remaining)
    {
        if (form.As == "Table")
            return Table([.. objects.Select(o => o.Document)], Text(version), token, remaining, withColumns: true);
        var metadata = new JsonObject();
        if (token is not null)
            metadata["continue"] = token;
        else if (type.Custom && form.As.Length == 0)
            metadata["continue"] = "";
        metadata["resourceVersion"] = Text(version);
        if (remaining is not null)
            metadata["remainingItemCount"] = remaining;
        var items = new JsonArray();
        foreach (var stored in objects)
        {
            if (form.As.Length > 0)
            {
                items.Add(Partial(stored.Document));
                continue;
            }

            var copy = Served(stored.Document);
            copy = ReferenceEquals(copy, stored.Document) ? copy.Copy() : copy;
            if (!type.Custom)
            {
                copy.Remove("kind");
                copy.Remove("apiVersion");
            }

            items.Add(copy);
        }

        return new JsonObject
        {
            ["kind"] = form.As.Length > 0 ? "PartialObjectMetadataList" : type.ListKind,
            ["apiVersion"] = form.As.Length > 0 ? MetaVersion : type.GroupVersion,
            ["metadata"] = metadata,
            ["items"] = items,
        };
    }

    private JsonObject Partial(JsonObject stored) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = MetaVersion,
        ["metadata"] = stored["metadata"]?.DeepClone(),
    };

    private JsonObject Table(IReadOnlyList<JsonObject> objects, string? version, string? token, long? remaining, bool withColumns)
    {
        var now = time.GetUtcNow();
        var metadata = new JsonObject();
        if (version is not null)
            metadata["resourceVersion"] = version;
        if (token is not null)
            metadata["continue"] = token;
        if (remaining is not null)
            metadata["remainingItemCount"] = remaining;
        var rows = new JsonArray();
        foreach (var o in objects)
        {
            JsonNode? shown = includeObject switch
            {
                "None" => null,
                "Object" => Served(o).Copy(),
                _ => Partial(o),
            };
            rows.Add(new JsonObject { ["cells"] = type.Strategy.Cells(o, now), ["object"] = shown });
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = MetaVersion,
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? new JsonArray([.. type.Strategy.Columns.Select(c => c.ToJson())]) : null,
            ["rows"] = rows,
        };
    }

    public static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
