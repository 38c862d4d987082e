using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

/// <summary>Events as core/v1 has them, which is also how they are stored.</summary>
internal class EventStrategy : ResourceStrategy
{
    public override string? ErrorGroup => "";

    public override IReadOnlyList<string> SelectableFields { get; } =
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
    ];

    public override IReadOnlyList<Column> Columns { get; } =
    [
        new("Last Seen", Description: "The time at which the most recent occurrence of this event was recorded."),
        new("Type", Description: "Type of this event (Normal, Warning), new types could be added in the future"),
        new("Reason", Description: "This should be a short, machine understandable string that gives the reason for the transition into the object's current status."),
        new("Object", Description: "The object that this event is about."),
        new("Subobject", Description: "If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: \"spec.containers{name}\" (where \"name\" refers to the name of the container that triggered the event) or if no container name is specified \"spec.containers[2]\" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.", Priority: 1),
        new("Source", Description: "The component reporting this event. Should be a short machine understandable string.", Priority: 1),
        new("Message", Description: "A human-readable description of the status of this operation."),
        new("First Seen", Description: "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)", Priority: 1),
        new("Count", Description: "The number of times this event has occurred.", Priority: 1),
        Column.NameColumn with { Priority = 1 },
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var time = o.StringAt("eventTime");
        var first = o.StringAt("firstTimestamp") ?? time;
        var last = o.StringAt("lastTimestamp") ?? first;
        var count = o.LongAt("count") ?? 1;
        if (o["series"] is JsonObject series)
        {
            last = series.StringAt("lastObservedTime") ?? last;
            count = series.LongAt("count") ?? count;
        }

        var component = o.StringAt("source", "component") is { Length: > 0 } c ? c : o.StringAt("reportingComponent") ?? "";
        var host = o.StringAt("source", "host") is { Length: > 0 } h ? h : o.StringAt("reportingInstance") ?? "";
        return
        [
            TableText.Since(last, now),
            o.StringAt("type") ?? "",
            o.StringAt("reason") ?? "",
            $"{o.StringAt("involvedObject", "kind")?.ToLowerInvariant()}/{o.StringAt("involvedObject", "name")}",
            o.StringAt("involvedObject", "fieldPath") ?? "",
            host.Length > 0 ? $"{component}, {host}" : component,
            (o.StringAt("message") ?? "").Trim(),
            TableText.Since(first, now),
            count,
            o.Name(),
        ];
    }

    public override string? Field(JsonObject o, string label)
        => label == "source" ? o.StringAt("source", "component") ?? o.StringAt("reportingComponent") ?? "" : base.Field(o, label);

    public override void SetDefaults(JsonObject o)
    {
        o.Default("source", new JsonObject());
        if (!o.ContainsKey("firstTimestamp"))
            o["firstTimestamp"] = null;
        if (!o.ContainsKey("lastTimestamp"))
            o["lastTimestamp"] = null;
        if (!o.ContainsKey("eventTime"))
            o["eventTime"] = null;
        o.Default("reportingComponent", "");
        o.Default("reportingInstance", "");
        o.Ensure("involvedObject");
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (EventTime(o) is null && o.StringAt("involvedObject", "namespace") is var about && (about ?? "") != o.Namespace()
            && !(about is null or "" && o.Namespace() == "default"))
        {
            yield return FieldError.Invalid("involvedObject.namespace", about ?? "", "does not match event.namespace");
        }
    }

    public static string? EventTime(JsonObject o) => o.StringAt("eventTime");

    public static string Micro(DateTimeOffset t) => t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
}

/// <summary>The same Events as events.k8s.io/v1 names them.</summary>
internal sealed class EventsStrategy : EventStrategy
{
    private static readonly (string Stored, string Served)[] Names =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    public override bool Converts => true;

    public override IReadOnlyList<string> SelectableFields { get; } =
        ["regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type"];

    public override void Decode(JsonObject o)
    {
        Rename(o, n => (n.Served, n.Stored));
        o["apiVersion"] = "v1";
    }

    public override void Encode(JsonObject o)
    {
        Rename(o, n => (n.Stored, n.Served));
        foreach (var field in new[] { "reportingController", "reportingInstance" })
        {
            if (o.StringAt(field) is "")
                o.Remove(field);
        }

        o["apiVersion"] = "events.k8s.io/v1";
    }

    public override string? Field(JsonObject o, string label)
    {
        if (label.StartsWith("metadata.", StringComparison.Ordinal))
            return base.Field(o, label);
        if (!SelectableFields.Contains(label))
            return null;
        var stored = label == "reportingController" ? "reportingComponent" : label.Replace("regarding.", "involvedObject.");
        return o.At(stored.Split('.'))?.AsString() ?? "";
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.StringAt("eventTime") is null)
            yield return FieldError.Required("eventTime");
        var controller = o.StringAt("reportingComponent") ?? "";
        if (controller.Length == 0)
            yield return FieldError.Required("reportingController");
        foreach (var problem in Resources.Names.QualifiedName(controller))
            yield return FieldError.Invalid("reportingController", controller, problem);
        foreach (var (stored, served, max) in new[] { ("reportingInstance", "reportingInstance", 128), ("action", "action", 128), ("reason", "reason", 128) })
        {
            var text = o.StringAt(stored) ?? "";
            if (text.Length == 0)
                yield return FieldError.Required(served);
            else if (text.Length > max)
                yield return FieldError.Invalid(served, "", $"can have at most {max} characters");
        }

        if ((o.StringAt("message") ?? "").Length > 1024)
            yield return FieldError.Invalid("message", "", "can have at most 1024 characters");
        if (o.StringAt("type") is not ("Normal" or "Warning"))
            yield return FieldError.Invalid("type", "", "has invalid value: " + (o.StringAt("type") ?? ""));
        foreach (var error in Series(o))
            yield return error;
        foreach (var field in new[] { "firstTimestamp", "lastTimestamp", "count", "source" })
        {
            if (o[field] is not (null or JsonObject { Count: 0 }))
                yield return FieldError.Invalid(field, "", "needs to be unset");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
    {
        foreach (var error in Series(o))
            yield return error;
        foreach (var field in new[] { "involvedObject", "reason", "reportingComponent", "reportingInstance", "action", "message", "type", "related", "eventTime", "source", "count" })
        {
            if (JsonAccess.Same(o[field], old[field]))
                continue;
            // The real server checks twice, and says so twice.
            yield return FieldError.Invalid(field, o[field], "field is immutable");
            yield return FieldError.Invalid(field, o[field], "field is immutable");
        }
    }

    private static IEnumerable<FieldError> Series(JsonObject o)
    {
        if (o["series"] is not JsonObject series)
            yield break;
        if ((series.LongAt("count") ?? 0) < 2)
            yield return FieldError.Invalid("series.count", "", "should be at least 2");
        if (series["lastObservedTime"] is null)
            yield return FieldError.Required("series.lastObservedTime");
    }

    private static void Rename(JsonObject o, Func<(string Stored, string Served), (string From, string To)> direction)
    {
        foreach (var pair in Names)
        {
            var (from, to) = direction(pair);
            if (!o.ContainsKey(from))
                continue;
            var value = o[from];
            o.Remove(from);
            o[to] = value;
        }
    }
}
