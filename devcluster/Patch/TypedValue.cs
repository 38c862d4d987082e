namespace LightReasoner.DevCluster.Patch;

/// <summary>What two states of an object differ in.</summary>
internal sealed record Comparison(FieldSet Added, FieldSet Modified, FieldSet Removed);

/// <summary>
/// Objects as server-side apply sees them: which fields there are, how two of them differ, how one is merged into the other.
/// </summary>
internal static class TypedValue
{
    /// <summary>The fields that a document says something about.</summary>
    public static void Fields(JsonNode? value, TypeSchema? schema, FieldSet set)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } o when !IsAtomic(schema):
                foreach (var (key, child) in o)
                {
                    var at = set.At("f:" + key);
                    Fields(child, schema?.Member(key), at);
                    if (child is null or JsonObject { Count: 0 } || schema?.Properties.ContainsKey(key) != true)
                        at.Member = true;
                }

                break;
            case JsonArray { Count: > 0 } a when IsAssociative(schema):
                foreach (var item in a)
                {
                    var at = set.At(Step(item, schema!));
                    Fields(item, schema!.Items, at);
                    at.Member = true;
                }

                break;
            default:
                set.Member = true;
                break;
        }
    }

    public static Comparison Compare(JsonNode? old, JsonNode? now, TypeSchema? schema)
    {
        var result = new Comparison(new FieldSet(), new FieldSet(), new FieldSet());
        Compare(old, now, true, true, schema, result);
        return result;
    }

    private static void Compare(JsonNode? old, JsonNode? now, bool had, bool has, TypeSchema? schema, Comparison into)
    {
        if (IsLeaf(old, schema) && IsLeaf(now, schema) || !had && IsLeaf(now, schema) || !has && IsLeaf(old, schema))
        {
            into.Added.Member |= !had;
            into.Removed.Member |= !has;
            into.Modified.Member |= had && has && !JsonAccess.Same(old, now);
            return;
        }

        into.Added.Member |= !had;
        into.Removed.Member |= !has;
        var before = Items(old, schema);
        var after = Items(now, schema);
        foreach (var step in before.Keys.Union(after.Keys))
        {
            var isOld = before.TryGetValue(step, out var a);
            var isNew = after.TryGetValue(step, out var b);
            Compare(a, b, isOld, isNew, Member(schema, step),
                new Comparison(into.Added.At(step), into.Modified.At(step), into.Removed.At(step)));
        }
    }

    /// <summary>
    /// Lays the applied document over the live one; lists by key keep the order of the live one, with the applied order winning.
    /// </summary>
    public static JsonNode? Merge(JsonNode? live, JsonNode? applied, TypeSchema? schema)
    {
        switch (applied)
        {
            case JsonObject o when !IsAtomic(schema) && live is JsonObject current:
                var merged = current.Copy();
                foreach (var (key, value) in o)
                    merged[key] = Merge(current[key], value, schema?.Member(key));
                return merged;
            case JsonArray a when IsAssociative(schema) && live is JsonArray current:
                return MergeList(current, a, schema!);
            default:
                return applied?.DeepClone();
        }
    }

    private static JsonArray MergeList(JsonArray live, JsonArray applied, TypeSchema schema)
    {
        var wanted = applied.Select(i => (Step: Step(i, schema), Item: i)).ToList();
        var result = new List<(string Step, JsonNode? Item)>();
        var next = 0;
        foreach (var item in live)
        {
            var step = Step(item, schema);
            var at = wanted.FindIndex(w => w.Step == step);
            if (at < 0)
            {
                result.Add((step, item?.DeepClone()));
                continue;
            }

            // Everything applied up to and including this item comes before what follows it in the live list.
            for (; next <= at; next++)
                Take(next);
        }

        for (; next < wanted.Count; next++)
            Take(next);
        return new JsonArray([.. result.Select(r => r.Item)]);

        void Take(int i)
        {
            var was = live.FirstOrDefault(l => Step(l, schema) == wanted[i].Step);
            result.Add((wanted[i].Step, Merge(was, wanted[i].Item, schema.Items)));
        }
    }

    /// <summary>Removes the fields of <paramref name="gone"/>, and containers that it empties.</summary>
    public static void Remove(JsonNode? value, FieldSet gone, TypeSchema? schema)
    {
        foreach (var (step, child) in gone.Children)
        {
            switch (value)
            {
                case JsonObject o when step.StartsWith("f:", StringComparison.Ordinal) && o.ContainsKey(step[2..]):
                    if (child.Member)
                    {
                        o.Remove(step[2..]);
                        break;
                    }

                    Remove(o[step[2..]], child, schema?.Member(step[2..]));
                    if (o[step[2..]] is JsonArray { Count: 0 } or JsonObject { Count: 0 })
                        o.Remove(step[2..]);
                    break;
                case JsonArray a when schema is not null && IsAssociative(schema):
                    var i = a.ToList().FindIndex(item => Step(item, schema) == step);
                    if (i >= 0 && child.Member)
                        a.RemoveAt(i);
                    else if (i >= 0)
                        Remove(a[i], child, schema.Items);
                    break;
            }
        }
    }

    private static bool IsAtomic(TypeSchema? schema) => schema?.AtomicMap == true;

    private static bool IsAssociative(TypeSchema? schema) => schema?.ListType is "map" or "set";

    private static bool IsLeaf(JsonNode? value, TypeSchema? schema) => value switch
    {
        JsonObject o => o.Count == 0 || IsAtomic(schema),
        JsonArray a => a.Count == 0 || !IsAssociative(schema),
        _ => true,
    };

    private static Dictionary<string, JsonNode?> Items(JsonNode? value, TypeSchema? schema)
    {
        var items = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        if (IsLeaf(value, schema))
            return items;
        if (value is JsonObject o)
        {
            foreach (var (key, child) in o)
                items["f:" + key] = child;
        }
        else if (value is JsonArray a)
        {
            foreach (var item in a)
                items[Step(item, schema!)] = item;
        }

        return items;
    }

    private static TypeSchema? Member(TypeSchema? schema, string step)
        => step.StartsWith("f:", StringComparison.Ordinal) ? schema?.Member(step[2..]) : schema?.Items;

    private static string Step(JsonNode? item, TypeSchema schema)
    {
        if (schema.ListType == "set")
            return "v:" + item.ToText();
        var key = new JsonObject();
        foreach (var name in schema.ListMapKeys.Order(StringComparer.Ordinal))
        {
            var value = item.At(name) ?? schema.Items?.Member(name)?.Default;
            if (value is not null)
                key[name] = value.DeepClone();
        }

        return "k:" + key.ToText();
    }
}
