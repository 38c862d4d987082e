using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>ConfigMaps and Secrets.</summary>
internal sealed class DataStrategy(string columns) : ResourceStrategy
{
    public override IReadOnlyList<Column> Columns { get; } = Column.Parse(columns);

    public override IReadOnlyList<string> SelectableFields { get; } = ["type"];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var cells = new JsonArray { o.Name(), (o.Map("data")?.Count ?? 0) + (o.Map("binaryData")?.Count ?? 0), TableText.Age(o, now) };
        if (o.Kind() == "Secret")
            cells.Insert(1, o.Text("type"));
        return cells;
    }

    public override void SetDefaults(JsonObject o)
    {
        if (o.Kind() != "Secret")
            return;
        o.Default("type", "Opaque");
        foreach (var (key, value) in o.Map("stringData") ?? [])
            o.Ensure("data")[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? ""));
        o.Remove("stringData");
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
        => o.Text("type") == old.Text("type") ? [] : [FieldError.Invalid("type", o["type"], "field is immutable")];
}

internal sealed class ServiceAccountStrategy : ResourceStrategy
{
    public override bool DeleteReturnsObject => true;
}

/// <summary>Services have an address; nothing here answers at it (nodes lead names of Services to pods).</summary>
internal sealed class ServiceStrategy : ResourceStrategy
{
    private int last = 10;

    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var ports = string.Join(",", o.Items("spec", "ports").Select(p => $"{p.Number("port")}/{p.Text("protocol")}"));
        var selector = string.Join(",", (o.Map("spec", "selector") ?? []).Select(p => $"{p.Key}={p.Value.Text()}"));
        return
        [
            o.Name(), o.Text("spec", "type"), o.Text("spec", "clusterIP") ?? "<none>", "<none>", ports.Length == 0 ? "<none>"
                : ports, TableText.Age(o, now),
            selector.Length == 0 ? "<none>" : selector,
        ];
    }

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        spec.Default("internalTrafficPolicy", "Cluster");
        foreach (var port in spec.Items("ports"))
        {
            port.Default("protocol", "TCP");
            port.Default("targetPort", port["port"]?.DeepClone());
        }

        o.Default("status", new JsonObject { ["loadBalancer"] = new JsonObject() });
    }

    public override void PrepareCreate(JsonObject o)
    {
        var spec = o.Ensure("spec");
        o["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        var n = Interlocked.Increment(ref last);
        spec.Default("clusterIP", $"10.96.{n / 250 % 250}.{n % 250 + 1}");
        spec.Default("clusterIPs", new JsonArray(spec.Text("clusterIP")));
        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old)
    {
        foreach (var field in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" })
            o.Ensure("spec").Default(field, old.At("spec", field)?.DeepClone());
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Label1035Name(name, field);
}

/// <summary>Claims are bound at once: the node has a folder for each.</summary>
internal sealed class ClaimStrategy : ResourceStrategy
{
    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Status|Age");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) => [o.Name(), o.Text("status", "phase"), TableText.Age(o, now)];

    public override void PrepareCreate(JsonObject o) => o["status"] = new JsonObject { ["phase"] = "Bound" };
}

internal sealed class LeaseStrategy : ResourceStrategy
{
    public override bool CreateOnUpdate => true;

    public override bool UnconditionalUpdate => false;

    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Holder|Age");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) =>
        [o.Name(), o.Text("spec", "holderIdentity") ?? "", TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        foreach (var field in new[] { "acquireTime", "renewTime" })
        {
            if (DateTimeOffset.TryParse(o.Text("spec", field), CultureInfo.InvariantCulture, out var t))
                o["spec"]![field] = t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        }
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.Number("spec", "leaseDurationSeconds") is <= 0 and var seconds)
            yield return FieldError.Invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0");
        if (o.Number("spec", "leaseTransitions") is < 0 and var transitions)
            yield return FieldError.Invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0");
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => ValidateCreate(o);
}

internal sealed class RoleStrategy : ResourceStrategy
{
    public override void SetDefaults(JsonObject o)
    {
        if (!o.ContainsKey("rules"))
            o["rules"] = null;
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => [];
}

internal sealed class RoleBindingStrategy : ResourceStrategy
{
    private const string Group = "rbac.authorization.k8s.io";

    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Role|Age");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), $"{o.Text("roleRef", "kind")}/{o.Text("roleRef", "name")}", TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        o.Ensure("roleRef").Default("apiGroup", Group);
        foreach (var subject in o.Items("subjects").Where(s => s.Text("kind") is "User" or "Group"))
            subject.Default("apiGroup", Group);
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => [];

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
        => JsonAccess.Same(o["roleRef"], old["roleRef"]) ? [] : [FieldError.Invalid("roleRef", o["roleRef"], "cannot change roleRef")];
}

internal sealed class NamespaceStrategy : ResourceStrategy
{
    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Status|Age");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) => [o.Name(), o.Text("status", "phase"), TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o) => o.Metadata().Ensure("labels")["kubernetes.io/metadata.name"] = o.Name();

    public override void PrepareCreate(JsonObject o)
    {
        o["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        o["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old) => o.SetOrRemove("spec", old["spec"]?.DeepClone());

    public override bool PrepareDelete(JsonObject o, string now)
    {
        o.Metadata().Remove("deletionGracePeriodSeconds");
        o.Ensure("status")["phase"] = "Terminating";
        return true;
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Label(name, field);
}

internal sealed class NodeStrategy : ResourceStrategy
{
    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Status|Roles|Age|Version|Internal-IP*|OS-Image*");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var status = o.Condition("Ready").Text("status") switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return
        [
            o.Name(), o.BoolAt("spec", "unschedulable") ? status + ",SchedulingDisabled" : status, "<none>", TableText.Age(o, now),
            o.Text("status", "nodeInfo", "kubeletVersion") ?? "",
            o.Items("status", "addresses").FirstOrDefault(a => a.Text("type") == "InternalIP").Text("address") ?? "<none>",
            o.Text("status", "nodeInfo", "osImage") ?? "<unknown>",
        ];
    }
}

/// <summary>Events of core/v1, the only ones that are served.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    public override IReadOnlyList<string> SelectableFields { get; } =
    [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
        "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "type",
    ];

    public override IReadOnlyList<Column> Columns { get; } =
        Column.Parse("Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var first = o.Text("firstTimestamp") ?? o.Text("eventTime");
        var last = o.Text("series", "lastObservedTime") ?? o.Text("lastTimestamp") ?? first;
        var component = o.Text("source", "component") is { Length: > 0 } c ? c : o.Text("reportingComponent") ?? "";
        var host = o.Text("source", "host") is { Length: > 0 } h ? h : o.Text("reportingInstance") ?? "";
        return
        [
            TableText.Since(last, now), o.Text("type") ?? "", o.Text("reason") ?? "",
            $"{o.Text("involvedObject", "kind")?.ToLowerInvariant()}/{o.Text("involvedObject", "name")}",
                o.Text("involvedObject", "fieldPath") ?? "",
            host.Length > 0 ? $"{component}, {host}" : component, (o.Text("message") ?? "").Trim(), TableText.Since(first, now),
            o.Number("series", "count") ?? o.Number("count") ?? 1, o.Name(),
        ];
    }

    public override void SetDefaults(JsonObject o)
    {
        o.Ensure("source");
        o.Ensure("involvedObject");
        foreach (var time in new[] { "firstTimestamp", "lastTimestamp", "eventTime" })
            o.TryAdd(time, null);
        o.Default("reportingComponent", "");
        o.Default("reportingInstance", "");
    }
}
