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
        var selector = string.Join(",", o.Entries("spec", "selector").Select(p => $"{p.Key}={p.Value}"));
        return [o.Name(), o.Text("spec", "type"), o.Text("spec", "clusterIP"), "<none>", ports, TableText.Age(o, now), selector];
    }

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        spec.Default("type", "ClusterIP");
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
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old)
        => o.Ensure("spec").Default("clusterIP", old.Text("spec", "clusterIP"));

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Label(name, field);
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
    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Role|Age");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), $"{o.Text("roleRef", "kind")}/{o.Text("roleRef", "name")}", TableText.Age(o, now)];

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
    public override IReadOnlyList<Column> Columns { get; } = Column.Parse("Name|Status|Roles|Age|Version");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var status = o.Condition("Ready").Text("status") switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return
        [
            o.Name(), o.BoolAt("spec", "unschedulable") ? status + ",SchedulingDisabled" : status, "<none>", TableText.Age(o, now),
            o.Text("status", "nodeInfo", "kubeletVersion") ?? "",
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
}
