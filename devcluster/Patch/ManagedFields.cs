namespace LightReasoner.DevCluster.Patch;

/// <summary>One entry of metadata.managedFields.</summary>
internal sealed record Manager(string Name, string Operation, string ApiVersion, string Subresource, string? Time, FieldSet Fields)
{
    public bool Applied => Operation == "Apply";

    public bool Is(string name, string operation, string subresource) => Name == name && Operation == operation
        && Subresource == subresource;
}

/// <summary>Keeps metadata.managedFields: who owns which field.</summary>
internal static class ManagedFields
{
    private static readonly string[] Unowned = ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
        "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName"];

    public static List<Manager> Read(JsonObject? o)
        => [.. (o?.ArrayAt("metadata", "managedFields") ?? []).OfType<JsonObject>().Where(m => m.Count > 0).Select(m => new Manager(
            m.Text("manager") ?? "", m.Text("operation") ?? "", m.Text("apiVersion") ?? "", m.Text("subresource") ?? "",
            m.Text("time"), FieldSet.FromJson(m["fieldsV1"])))];

    public static void Write(JsonObject o, IEnumerable<Manager> managers)
    {
        var list = new JsonArray();
        var ordered = managers.Where(m => !m.Fields.IsEmpty)
            .OrderBy(m => m.Operation, StringComparer.Ordinal).ThenBy(m => m.Time ?? "", StringComparer.Ordinal)
                .ThenBy(m => m.Name, StringComparer.Ordinal);
        foreach (var m in ordered)
        {
            var entry = new JsonObject { ["manager"] = m.Name, ["operation"] = m.Operation, ["apiVersion"] = m.ApiVersion };
            if (m.Time is not null)
                entry["time"] = m.Time;
            entry["fieldsType"] = "FieldsV1";
            entry["fieldsV1"] = m.Fields.ToJson();
            if (m.Subresource.Length > 0)
                entry["subresource"] = m.Subresource;
            list.Add(entry);
        }

        o.Metadata().SetOrRemove("managedFields", list.Count == 0 ? null : list);
    }

    /// <summary>Notes a plain write: the writer takes what it changed, the others lose it.</summary>
    public static void Track(JsonObject o, JsonObject? old, ResourceType type, string manager, string subresource, string now)
    {
        // A list of one empty entry resets the ownership of everything.
        if (old is not null && o.ArrayAt("metadata", "managedFields") is [JsonObject { Count: 0 }])
        {
            o.Metadata().Remove("managedFields");
            return;
        }

        var comparison = TypedValue.Compare(Content(old, type), Content(o, type), type.Schema);
        var taken = Owned(comparison.Added.Union(comparison.Modified), type, subresource);
        // A writer may rewrite the list itself (kubectl does when it takes an object over from client-side apply).
        var known = subresource.Length == 0 && IsGood(o.ArrayAt("metadata", "managedFields")) ? Read(o) : Read(old);
        var managers = Disown(known, comparison, (m => !m.Is(manager, "Update", subresource)), taken);
        if (!taken.IsEmpty)
        {
            var mine = managers.FirstOrDefault(m => m.Is(manager, "Update", subresource));
            managers.RemoveAll(m => m.Is(manager, "Update", subresource));
            managers.Add(new Manager(manager, "Update", type.GroupVersion, subresource, now, mine is null ? taken
                : mine.Fields.Union(taken)));
        }

        Write(o, managers);
    }

    private static bool IsGood(JsonArray? entries)
        => entries is { Count: > 0 } && entries.All(e => e.Text("operation") is "Apply" or "Update" && e.Text("fieldsType") == "FieldsV1"
            && e.Map("fieldsV1") is not null);

    /// <summary>Takes what was removed from everybody, and what was changed from those that <paramref name="loses"/> names.</summary>
    public static List<Manager> Disown(List<Manager> managers, Comparison comparison, Func<Manager, bool> loses, FieldSet taken)
        => [.. managers.Select(m => m with { Fields = (loses(m) ? m.Fields.Difference(taken) : m.Fields).Difference(comparison.Removed) })];

    /// <summary>What of an object can be owned.</summary>
    public static JsonObject Content(JsonObject? o, ResourceType type)
    {
        var content = o?.Copy() ?? new JsonObject { ["metadata"] = new JsonObject() };
        content.Remove("kind");
        content.Remove("apiVersion");
        foreach (var field in Unowned)
            content.Metadata().Remove(field);
        // What a Go struct always has is there before the first write, too.
        if (o is null && !type.Custom)
        {
            foreach (var field in new[] { "spec", "status" })
            {
                if (type.Schema.Member(field) is not null)
                    content[field] = new JsonObject();
            }
        }

        return content;
    }

    /// <summary>Leaves out what a write of this sub-resource does not touch.</summary>
    public static FieldSet Owned(FieldSet fields, ResourceType type, string subresource)
    {
        var result = fields.Union(new FieldSet());
        result.Member = false;
        if (result.Find("f:metadata") is { } metadata)
        {
            metadata.Member = false;
            foreach (var field in Unowned)
                metadata.Remove("f:" + field);
        }

        result.Remove("f:kind");
        result.Remove("f:apiVersion");
        if (subresource.Length == 0 && type.HasStatus)
            result.Remove("f:status");
        if (subresource == "status")
        {
            foreach (var step in result.Children.Select(c => c.Key).Where(k => k != "f:status").ToList())
                result.Remove(step);
        }

        return result;
    }

    /// <summary>Equal but for the times in managedFields: such a write changes nothing.</summary>
    public static bool SameBut(JsonObject o, JsonObject old) => JsonAccess.Same(Timeless(o), Timeless(old));

    private static JsonObject Timeless(JsonObject o)
    {
        var copy = o.Copy();
        foreach (var entry in copy.Items("metadata", "managedFields"))
            entry.Remove("time");
        return copy;
    }
}
