using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Patch;

/// <summary>What two states of an object differ in.</summary>
internal sealed record Comparison(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    public Comparison()
        : this(new FieldSet(), new FieldSet(), new FieldSet())
    {
    }
}

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
        var result = new Comparison();
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

    /// <summary>The first thing that does not fit the schema, as server-side apply words it; null when all fits.</summary>
    public static string? Check(JsonNode? value, TypeSchema? schema, string path = "")
    {
        if (schema is null || value is null || (schema.Type is null && schema.Properties.Count == 0))
            return null;
        switch (value)
        {
            case JsonObject o:
                if (schema.Type != "object" && !schema.IntOrString)
                    return $"{path}: expected {Word(schema)}, got map";
                foreach (var (key, child) in o)
                {
                    if (schema.Member(key) is { } member)
                    {
                        if (Check(child, member, $"{path}.{key}") is { } problem)
                            return problem;
                    }
                    else if (!schema.PreserveUnknown)
                    {
                        return $"{path}.{key}: field not declared in schema";
                    }
                }

                return null;
            case JsonArray a:
                if (schema.Type != "array")
                    return $"{path}: expected {Word(schema)}, got list";
                var seen = new HashSet<string>(StringComparer.Ordinal);
                for (var i = 0; i < a.Count; i++)
                {
                    if (schema.ListType == "map" && schema.ListMapKeys.FirstOrDefault(k => a[i] is JsonObject item && item[k] is null
                        && schema.Items?.Member(k)?.Default is null) is { } missing)
                        return $"{path}: element {i}: associative list with keys has an element that omits key field "
                            + $"{FieldError.Quote(missing)} (and doesn't have default value)";
                    if (IsAssociative(schema) && !seen.Add(Step(a[i], schema)))
                        return $"{path}: duplicate entries for key {Step(a[i], schema)[2..]}";
                    if (Check(a[i], schema.Items, $"{path}[{i}]") is { } problem)
                        return problem;
                }

                return null;
            case JsonValue v:
                var fits = schema.IntOrString || (v.GetValueKind(), schema.Type) is (JsonValueKind.String,
                    "string") or (JsonValueKind.Number, "integer" or "number")
                    or (JsonValueKind.True or JsonValueKind.False, "boolean");
                return fits ? null : $"{path}: expected {Word(schema)}, got {Validation.TypeOf(value)}";
            default:
                return null;
        }
    }

    private static string Word(TypeSchema schema) => schema.Type switch
    {
        "integer" or "number" => "numeric (int or float)",
        "object" => "map",
        "array" => "list",
        var type => type ?? "value",
    };

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
