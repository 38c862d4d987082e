namespace LightReasoner.DevCluster.Rest;

/// <summary>Stored objects as a client gets to see them: whole, or as a Table.</summary>
internal sealed class Presentation(ApiRequest request, TimeProvider time)
{
    private readonly ResourceType type = request.Type;
    private readonly bool table = Negotiation.Table(request.Http.Request);

    /// <summary>One object. The columns of a table come with the <paramref name="first"/> one of a watch.</summary>
    public JsonObject One(JsonObject stored, bool first = true) => table
        ? Table([stored], new JsonObject { ["resourceVersion"] = stored.Text("metadata", "resourceVersion") }, first)
        : Served(stored);

    public JsonObject Bookmark(long version, bool initialEnd, bool first)
    {
        var metadata = new JsonObject { ["resourceVersion"] = $"{version}" };
        if (initialEnd)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        return table ? Table([], metadata, first)
            : new JsonObject { ["kind"] = type.Kind, ["apiVersion"] = type.GroupVersion, ["metadata"] = metadata };
    }

    public JsonObject List(IReadOnlyCollection<StoredObject> objects, long version, string? token = null, long? remaining = null)
    {
        var metadata = new JsonObject { ["resourceVersion"] = $"{version}" };
        if (token is not null || (type.Custom && !table))
            metadata["continue"] = token ?? "";
        if (remaining is not null)
            metadata["remainingItemCount"] = remaining;
        return table ? Table([.. objects.Select(o => o.Document)], metadata, withColumns: true) : new JsonObject
        {
            ["kind"] = type.ListKind,
            ["apiVersion"] = type.GroupVersion,
            ["metadata"] = metadata,
            ["items"] = new JsonArray([.. objects.Select(o => Item(o.Document))]),
        };
    }

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

    private JsonObject Table(IReadOnlyList<JsonObject> objects, JsonObject metadata, bool withColumns)
    {
        var now = time.GetUtcNow();
        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata,
            ["columnDefinitions"] = withColumns ? new JsonArray([.. type.Strategy.Columns.Select(c => c.ToJson())]) : null,
            ["rows"] = new JsonArray([.. objects.Select(o => new JsonObject
            {
                ["cells"] = type.Strategy.Cells(o, now),
                ["object"] = request.Query("includeObject") switch
                {
                    "None" => null,
                    "Object" => Served(o).Copy(),
                    _ => new JsonObject { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1",
                        ["metadata"] = o["metadata"]?.DeepClone() },
                },
            })]),
        };
    }
}
