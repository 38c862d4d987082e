using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Patch;

/// <summary>Strategic merge patch: a merge patch that knows by which key lists are merged, and has directives.</summary>
internal static class StrategicMergePatch
{
    private const string PatchDirective = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string OrderPrefix = "$setElementOrder/";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";

    public static JsonObject Apply(JsonObject target, JsonObject patch, TypeSchema? schema)
    {
        switch (patch.StringAt(PatchDirective))
        {
            case "replace":
                var replacement = patch.Copy();
                replacement.Remove(PatchDirective);
                return replacement;
            case "delete":
                return [];
        }

        if (patch[RetainKeys] is JsonArray retained)
        {
            var keep = retained.StringItems().ToHashSet();
            foreach (var key in target.Select(p => p.Key).Where(k => !keep.Contains(k)).ToList())
                target.Remove(key);
        }

        foreach (var (key, value) in patch)
        {
            if (key.StartsWith(DeletePrefix, StringComparison.Ordinal))
                DeleteScalars(target, key[DeletePrefix.Length..], value);
            if (key.StartsWith('$'))
                continue;
            var member = schema?.Member(key);
            var current = target[key];
            switch (value)
            {
                case null:
                    target.Remove(key);
                    break;
                case JsonObject o:
                    target.Remove(key);
                    target[key] = Apply(current as JsonObject ?? [], o, member);
                    if (o.StringAt(PatchDirective) == "delete")
                        target.Remove(key);
                    break;
                case JsonArray a when member?.MergeKey is { } mergeKey:
                    target.Remove(key);
                    var merged = mergeKey.Length == 0
                        ? MergeScalars(current as JsonArray ?? [], a)
                        : MergeObjects(current as JsonArray ?? [], a, mergeKey, member.Items);
                    target[key] = merged;
                    break;
                default:
                    target[key] = value.DeepClone();
                    break;
            }
        }

        foreach (var (key, value) in patch)
        {
            if (key.StartsWith(OrderPrefix, StringComparison.Ordinal) && value is JsonArray order)
                Reorder(target, key[OrderPrefix.Length..], order, schema);
        }

        return target;
    }

    private static void DeleteScalars(JsonObject target, string key, JsonNode? values)
    {
        if (target[key] is not JsonArray list || values is not JsonArray gone)
            return;
        target[key] = new JsonArray([.. list.Where(i => !gone.Any(g => JsonAccess.Same(g, i))).Select(i => i?.DeepClone())]);
    }

    private static JsonArray MergeScalars(JsonArray current, JsonArray patch)
    {
        var result = new JsonArray([.. current.Select(i => i?.DeepClone())]);
        foreach (var item in patch)
        {
            if (!result.Any(r => JsonAccess.Same(r, item)))
                result.Add(item?.DeepClone());
        }

        return result;
    }

    private static JsonArray MergeObjects(JsonArray current, JsonArray patch, string mergeKey, TypeSchema? items)
    {
        if (patch.Any(p => p.StringAt(PatchDirective) == "replace" && p.At(mergeKey) is null))
            return new JsonArray([.. patch.Where(p => p.StringAt(PatchDirective) != "replace").Select(p => p?.DeepClone())]);
        var result = current.Select(i => (JsonNode?)i?.DeepClone()).ToList();
        foreach (var item in patch.OfType<JsonObject>())
        {
            var i = result.FindIndex(r => JsonAccess.Same(r.At(mergeKey), item.At(mergeKey)));
            if (item.StringAt(PatchDirective) == "delete")
            {
                result.RemoveAll(r => JsonAccess.Same(r.At(mergeKey), item.At(mergeKey)));
            }
            else if (i >= 0)
            {
                result[i] = Apply((JsonObject)result[i]!, item, items);
            }
            else
            {
                result.Add(Apply([], item, items));
            }
        }

        return new JsonArray([.. result]);
    }

    // Listed items come in the given order; the others stay where they were relative to the one before them.
    private static void Reorder(JsonObject target, string key, JsonArray order, TypeSchema? schema)
    {
        if (target[key] is not JsonArray list)
            return;
        var mergeKey = schema?.Member(key)?.MergeKey ?? "";
        JsonNode? Identity(JsonNode? item) => mergeKey.Length > 0 ? item.At(mergeKey) : item;
        int Rank(JsonNode? item) => order.ToList().FindIndex(o => JsonAccess.Same(Identity(o), Identity(item)));
        var listed = list.Where(i => Rank(i) >= 0).OrderBy(Rank).Select(i => i?.DeepClone()).ToList();
        var result = new List<JsonNode?>();
        var next = 0;
        foreach (var item in list)
            result.Add(Rank(item) >= 0 ? listed[next++] : item?.DeepClone());
        target[key] = new JsonArray([.. result]);
    }
}
