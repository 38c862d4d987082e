using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class ConfigMapStrategy : ResourceStrategy
{
    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Data", Description: "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process."),
        Column.Age,
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), (o.ObjectAt("data")?.Count ?? 0) + (o.ObjectAt("binaryData")?.Count ?? 0), TableText.Age(o, now)];

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => DataKeys.Validate(o, "data", "binaryData");

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
        => [.. DataKeys.Immutable(o, old, "data", "binaryData"), .. ValidateCreate(o)];
}

internal sealed class SecretStrategy : ResourceStrategy
{
    private const string AccountAnnotation = "kubernetes.io/service-account.name";

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Type", Description: "Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types"),
        new("Data", Description: "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4"),
        Column.Age,
    ];

    public override IReadOnlyList<string> SelectableFields { get; } = ["type"];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), o.StringAt("type"), o.ObjectAt("data")?.Count ?? 0, TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        o.Default("type", "Opaque");
        if (o["stringData"] is JsonObject text)
        {
            var data = o.Ensure("data");
            foreach (var (key, value) in text)
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsString() ?? ""));
            o.Remove("stringData");
        }
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        foreach (var error in DataKeys.Validate(o, "data", null))
            yield return error;
        var keys = RequiredKeys(o.StringAt("type"));
        foreach (var key in keys)
        {
            if (o.At("data", key) is null)
                yield return FieldError.Required($"data[{key}]");
        }

        if (o.StringAt("type") == "kubernetes.io/service-account-token" && o.StringAt("metadata", "annotations", AccountAnnotation) is not { Length: > 0 })
            yield return FieldError.Required($"metadata.annotations[{AccountAnnotation}]");

        // One of the two is enough.
        if (o.StringAt("type") == "kubernetes.io/basic-auth" && o.At("data", "username") is null && o.At("data", "password") is null)
        {
            yield return FieldError.Required("data[username]");
            yield return FieldError.Required("data[password]");
        }
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
    {
        if (o.StringAt("type") != old.StringAt("type"))
            yield return FieldError.Invalid("type", o["type"], "field is immutable");
        foreach (var error in DataKeys.Immutable(o, old, "data"))
            yield return error;
        foreach (var error in ValidateCreate(o))
            yield return error;
    }

    private static string[] RequiredKeys(string? type) => type switch
    {
        "kubernetes.io/tls" => ["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
        "kubernetes.io/dockercfg" => [".dockercfg"],
        "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
        _ => [],
    };
}

/// <summary>The keys of ConfigMaps and Secrets, and what immutable means for them.</summary>
internal static class DataKeys
{
    private const string Rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

    public static IEnumerable<FieldError> Validate(JsonObject o, string data, string? binary)
    {
        var size = 0L;
        foreach (var field in new[] { data, binary })
        {
            if (field is null)
                continue;
            foreach (var (key, value) in o.ObjectAt(field) ?? [])
            {
                foreach (var problem in Problems(key))
                    yield return FieldError.Invalid($"{field}[{key}]", key, problem);
                if (field == binary && o.At(data, key) is not null)
                    yield return FieldError.Invalid($"{data}[{key}]", key, "duplicate of key present in binaryData");
                size += value.AsString()?.Length ?? 0;
            }
        }

        if (size > 1024 * 1024 * (binary is null ? 4 / 3.0 : 1))
            yield return FieldError.TooLong("", 1024 * 1024);
    }

    private static IEnumerable<string> Problems(string key)
    {
        if (key.Length > 253)
            yield return "must be no more than 253 bytes";
        if (key.Length == 0 || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            yield return Rule;
        else if (key == ".")
            yield return "must not be '.'";
        else if (key == "..")
            yield return "must not be '..'";
        else if (key.StartsWith("..", StringComparison.Ordinal))
            yield return "must not start with '..'";
    }

    public static IEnumerable<FieldError> Immutable(JsonObject o, JsonObject old, params string[] fields)
    {
        if (!old.BoolAt("immutable"))
            yield break;
        if (!o.BoolAt("immutable"))
            yield return FieldError.Forbidden("immutable", "field is immutable when `immutable` is set");
        foreach (var field in fields)
        {
            if (!JsonAccess.Same(o[field], old[field]))
                yield return FieldError.Forbidden(field, "field is immutable when `immutable` is set");
        }
    }
}

internal sealed class ServiceAccountStrategy : ResourceStrategy
{
    public override bool DeleteReturnsObject => true;
}

internal sealed class ServiceStrategy : ResourceStrategy
{
    private int lastAddress = 10;

    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<string> SelectableFields { get; } = ["spec.clusterIP", "spec.type"];

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Type", Description: "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. \"NodePort\" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. \"ExternalName\" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types"),
        new("Cluster-IP", Description: "clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are \"None\", empty string (\"\"), or a valid IP address. Setting this to \"None\" makes a \"headless service\" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies"),
        new("External-IP", Description: "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system."),
        new("Port(s)", Description: "The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies"),
        Column.Age,
        new("Selector", Description: "Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/", Priority: 1),
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var ports = (o.ArrayAt("spec", "ports") ?? []).Select(p => p.LongAt("nodePort") is { } node and > 0
            ? $"{p.LongAt("port")}:{node}/{p.StringAt("protocol")}"
            : $"{p.LongAt("port")}/{p.StringAt("protocol")}").ToList();
        var selector = o.ObjectAt("spec", "selector") is { Count: > 0 } s ? string.Join(",", s.Select(p => $"{p.Key}={p.Value.AsString()}")) : "<none>";
        return
        [
            o.Name(), o.StringAt("spec", "type"), o.StringAt("spec", "clusterIP") is { Length: > 0 } ip ? ip : "<none>", "<none>",
            ports.Count == 0 ? "<none>" : string.Join(",", ports), TableText.Age(o, now), selector,
        ];
    }

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        foreach (var port in spec.ArrayAt("ports")?.OfType<JsonObject>() ?? [])
        {
            port.Default("protocol", "TCP");
            if (port["targetPort"] is null)
                port["targetPort"] = port["port"]?.DeepClone();
        }

        if (spec.StringAt("type") != "ExternalName")
            spec.Default("internalTrafficPolicy", "Cluster");
        o.Default("status", new JsonObject { ["loadBalancer"] = new JsonObject() });
    }

    public override void PrepareCreate(JsonObject o)
    {
        var spec = o.Ensure("spec");
        o["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        if (spec.StringAt("type") == "ExternalName")
            return;
        spec.Default("clusterIP", $"10.96.{Interlocked.Increment(ref lastAddress) / 250 % 250}.{lastAddress % 250 + 1}");
        spec.Default("clusterIPs", new JsonArray(spec.StringAt("clusterIP")));
        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old)
    {
        foreach (var field in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" })
        {
            if (old.At("spec", field) is { } value)
                o.Ensure("spec").Default(field, value.DeepClone());
        }
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Label1035Name(name, field);

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.ArrayAt("spec", "ports") is null or { Count: 0 } && o.StringAt("spec", "type") != "ExternalName" && o.StringAt("spec", "clusterIP") != "None")
            yield return FieldError.Required("spec.ports");
    }
}

internal sealed class NodeStrategy : ResourceStrategy
{
    public override IReadOnlyList<string> SelectableFields { get; } = ["spec.unschedulable"];

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Status", Description: "The status of the node"),
        new("Roles", Description: "The roles of the node"),
        Column.Age,
        new("Version", Description: "Kubelet Version reported by the node."),
        new("Internal-IP", Description: "List of addresses reachable to the node.", Priority: 1),
        new("OS-Image", Description: "OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).", Priority: 1),
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var ready = (o.ArrayAt("status", "conditions") ?? []).FirstOrDefault(c => c.StringAt("type") == "Ready").StringAt("status");
        var status = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        if (o.BoolAt("spec", "unschedulable"))
            status += ",SchedulingDisabled";
        var address = (o.ArrayAt("status", "addresses") ?? []).FirstOrDefault(a => a.StringAt("type") == "InternalIP").StringAt("address");
        return
        [
            o.Name(), status, "<none>", TableText.Age(o, now), o.StringAt("status", "nodeInfo", "kubeletVersion") ?? "",
            address ?? "<none>", o.StringAt("status", "nodeInfo", "osImage") ?? "<unknown>",
        ];
    }
}

internal sealed class LeaseStrategy : ResourceStrategy
{
    public override bool CreateOnUpdate => true;

    public override bool UnconditionalUpdate => false;

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Holder", Description: "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field."),
        Column.Age,
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), o.StringAt("spec", "holderIdentity") ?? "", TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        foreach (var field in new[] { "acquireTime", "renewTime" })
        {
            if (o.StringAt("spec", field) is { } time && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out var t))
                o["spec"]![field] = t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        }
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.LongAt("spec", "leaseDurationSeconds") is <= 0)
            yield return FieldError.Invalid("spec.leaseDurationSeconds", o.At("spec", "leaseDurationSeconds"), "must be greater than 0");
        if (o.LongAt("spec", "leaseTransitions") is < 0)
            yield return FieldError.Invalid("spec.leaseTransitions", o.At("spec", "leaseTransitions"), "must be greater than or equal to 0");
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => ValidateCreate(o);
}

internal sealed class NamespaceStrategy : ResourceStrategy
{
    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<string> SelectableFields { get; } = ["status.phase"];

    public override IReadOnlyList<Column> Columns { get; } =
        [Column.NameColumn, new("Status", Description: "The status of the namespace"), Column.Age];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), o.StringAt("status", "phase"), TableText.Age(o, now)];

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
