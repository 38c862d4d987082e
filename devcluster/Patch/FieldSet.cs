namespace LightReasoner.DevCluster.Patch;

/// <summary>
/// A set of paths in an object: what a manager owns. Steps are written as in managedFields: <c>f:name</c> for a field,
/// <c>k:{"id":"p1"}</c> for an item of a list by key, <c>v:"x"</c> for an item of a set.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    /// <summary>The path that leads here is itself in the set.</summary>
    public bool Member { get; set; }

    public bool IsEmpty => !Member && children.Values.All(c => c.IsEmpty);

    public IEnumerable<KeyValuePair<string, FieldSet>> Children => children;

    public static FieldSet FromJson(JsonNode? json)
    {
        var set = new FieldSet();
        foreach (var (key, value) in json as JsonObject ?? [])
        {
            if (key == ".")
            {
                set.Member = true;
                continue;
            }

            var child = FromJson(value);
            child.Member |= value is not JsonObject { Count: > 0 };
            set.children[key] = child;
        }

        return set;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var (key, child) in children)
        {
            if (child.IsEmpty)
                continue;
            var value = child.ToJson();
            if (child.Member && value.Count > 0)
                value.Insert(0, ".", new JsonObject());
            json[key] = value;
        }

        return json;
    }

    public FieldSet At(string step)
    {
        if (!children.TryGetValue(step, out var child))
            children[step] = child = new FieldSet();
        return child;
    }

    public FieldSet? Find(string step) => children.GetValueOrDefault(step);

    public void Remove(string step) => children.Remove(step);

    public FieldSet Union(FieldSet other) => Combine(other, (a, b) => a || b);

    public FieldSet Difference(FieldSet other) => Combine(other, (a, b) => a && !b);

    public FieldSet Intersection(FieldSet other) => Combine(other, (a, b) => a && b);

    /// <summary>The paths of the set in words: <c>.spec.prompts[id="p1"].text</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        if (Member && prefix.Length > 0)
            yield return prefix;
        foreach (var (step, child) in children)
        {
            foreach (var path in child.Paths(prefix + Shown(step)))
                yield return path;
        }
    }

    private static string Shown(string step) => step[..2] switch
    {
        "f:" => "." + step[2..],
        "v:" => $"[={step[2..]}]",
        _ => "[" + string.Join(",", ((JsonObject)JsonReading.Parse(step[2..])!).Select(p => $"{p.Key}={p.Value.ToText()}")) + "]",
    };

    private FieldSet Combine(FieldSet other, Func<bool, bool, bool> rule)
    {
        var result = new FieldSet { Member = rule(Member, other.Member) };
        foreach (var step in children.Keys.Union(other.children.Keys))
        {
            var child = (Find(step) ?? new FieldSet()).Combine(other.Find(step) ?? new FieldSet(), rule);
            if (!child.IsEmpty)
                result.children[step] = child;
        }

        return result;
    }
}
