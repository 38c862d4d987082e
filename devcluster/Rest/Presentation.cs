using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;
using LightReasoner.DevCluster.Schema;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Rest;

/// <summary>Stored objects as a client gets to see them: whole, as Table, or as metadata only.</summary>
/// <param name="type">Their resource.</param>
/// <param name="form">What <see cref="Negotiation"/> found.</param>
/// <param name="time">For ages in tables.</param>
/// <param name="includeObject">How much of an object goes with its row of a table: None, Metadata (also: empty) or Object.</param>
internal sealed class Presentation(ResourceType type, string form, TimeProvider time, string includeObject)
{
    private const string MetaVersion = "meta.k8s.io/v1";

    /// <summary>One object as the answer to a request for one object.</summary>
    public JsonObject One(JsonObject stored) => Event(stored, first: true);

    /// <summary>One object in a watch.</summary>
    public JsonObject Event(JsonObject stored, bool first) => form switch
    {
        "Table" => Table([stored], new JsonObject { ["resourceVersion"] = stored.Text("metadata", "resourceVersion") }, first),
        "" => Served(stored),
        _ => Partial(stored),
    };

    public JsonObject Bookmark(long version, bool initialEnd, bool first)
    {
        var metadata = new JsonObject { ["resourceVersion"] = Text(version) };
        if (initialEnd)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        if (form == "Table")
            return Table([], metadata, first);
        if (form.Length > 0)
            return new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = MetaVersion, ["metadata"] = metadata };
        if (!type.Custom)
            metadata["creationTimestamp"] = null;
        return new JsonObject { ["kind"] = type.Kind, ["apiVersion"] = type.GroupVersion, ["metadata"] = metadata };
    }

    public JsonObject List(IReadOnlyCollection<StoredObject> objects, long version, string? token, long? remaining)
    {
        var metadata = new JsonObject { ["resourceVersion"] = Text(version) };
        if (token is not null)
            metadata["continue"] = token;
        else if (type.Custom && form.Length == 0)
            metadata["continue"] = "";
        if (remaining is not null)
            metadata["remainingItemCount"] = remaining;
        if (form == "Table")
            return Table([.. objects.Select(o => o.Document)], metadata, withColumns: true);
        return new JsonObject
        {
            ["kind"] = form.Length > 0 ? "PartialObjectMetadataList" : type.ListKind,
            ["apiVersion"] = form.Length > 0 ? MetaVersion : type.GroupVersion,
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. objects.Select(o => form.Length > 0 ? Partial(o.Document) : Item(o.Document))]),
        };
    }

    public static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    /// <summary>An object that was stored before its schema changed has the defaults of today.</summary>
    private JsonObject Served(JsonObject stored)
    {
        if (!type.DefaultsOnRead)
            return stored;
        var copy = stored.Copy();
        Defaulting.Apply(copy, type.Schema);
        return copy;
    }

    private JsonObject Item(JsonObject stored)
    {
        var copy = Served(stored).Copy();
        if (!type.Custom)
        {
            copy.Remove("kind");
            copy.Remove("apiVersion");
        }

        return copy;
    }

    private static JsonObject Partial(JsonObject stored)
        => new() { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = MetaVersion, ["metadata"] = stored["metadata"]?.DeepClone() };

    private JsonObject Table(IReadOnlyList<JsonObject> objects, JsonObject metadata, bool withColumns)
    {
        var now = time.GetUtcNow();
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = MetaVersion,
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? new JsonArray([.. type.Strategy.Columns.Select(c => c.ToJson())]) : null,
            ["rows"] = new JsonArray([.. objects.Select(o => new JsonObject
            {
                ["cells"] = type.Strategy.Cells(o, now),
                ["object"] = includeObject switch { "None" => null, "Object" => Served(o).Copy(), _ => Partial(o) },
            })]),
        };
    }
}
