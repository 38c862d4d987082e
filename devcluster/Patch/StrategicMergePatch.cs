namespace LightReasoner.DevCluster.Patch;

/// <summary>
/// Strategic merge patch: a merge patch that knows by which key lists are merged, and has directives. Without a schema it is a JSON merge
/// patch (RFC 7386).
/// </summary>
internal static class StrategicMergePatch
{
    private const string PatchDirective = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string OrderPrefix = "$setElementOrder/";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";

    public static JsonObject Apply(JsonObject target, JsonObject patch, TypeSchema? schema)
    {
        switch (patch.Text(PatchDirective))
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
            var keep = retained.Strings().ToHashSet();
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
                    if (o.Text(PatchDirective) == "delete")
                        target.Remove(key);
                    break;
                case JsonArray a when member?.MergeKey is { } mergeKey:
                    target.Remove(key);
                    var live = current as JsonArray ?? [];
                    var merged = mergeKey.Length == 0 ? MergeScalars(live, a) : MergeObjects(live, a, mergeKey, member.Items);
                    target[key] = Ordered(merged, live, patch[OrderPrefix + key] as JsonArray ?? a, mergeKey);
                    break;
                default:
                    target[key] = value.DeepClone();
                    break;
            }
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
        if (patch.Any(p => p.Text(PatchDirective) == "replace" && p.At(mergeKey) is null))
            return new JsonArray([.. patch.Where(p => p.Text(PatchDirective) != "replace").Select(p => p?.DeepClone())]);
        var result = current.Select(i => (JsonNode?)i?.DeepClone()).ToList();
        foreach (var item in patch.OfType<JsonObject>())
        {
            var i = result.FindIndex(r => JsonAccess.Same(r.At(mergeKey), item.At(mergeKey)));
            if (item.Text(PatchDirective) == "delete")
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

    // Two lists are woven together: the items that the patch names, in its order, and the others, in the order of the live list.
    // An item of the live list comes before the next one of the patch only if it did so already.
    private static JsonArray Ordered(JsonArray merged, JsonArray live, JsonArray order, string mergeKey)
    {
        JsonNode? Identity(JsonNode? item) => mergeKey.Length > 0 ? item.At(mergeKey) : item;
        int Index(JsonArray list, JsonNode? item) => list.ToList().FindIndex(o => JsonAccess.Same(Identity(o), Identity(item)));
        var named = new Queue<JsonNode?>(merged.Where(i => Index(order, i) >= 0).OrderBy(i => Index(order, i)));
        var others = new Queue<JsonNode?>(merged.Where(i => Index(order, i) < 0));
        var result = new List<JsonNode?>();
        while (named.Count > 0 || others.Count > 0)
        {
            var takeOther = named.Count == 0
                || (others.Count > 0 && Index(live, named.Peek()) is >= 0 and var right
                    && Index(live, others.Peek()) is >= 0 and var left && left < right);
            result.Add((takeOther ? others : named).Dequeue()?.DeepClone());
        }

        return new JsonArray([.. result]);
    }
}
