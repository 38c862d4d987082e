using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class ServiceStrategy : ResourceStrategy
{
    private static readonly string[] Types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], Protocols = ["SCTP", "TCP", "UDP"], Affinities = ["ClientIP", "None"];

    private int lastAddress = 10;
    private int lastNodePort = 29_999;

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
        OpenOnNodes(spec);
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old)
    {
        // Who changes the one address alone means the list of addresses too.
        if (o.StringAt("spec", "clusterIP") is { Length: > 0 } address && address != old.StringAt("spec", "clusterIP")
            && JsonAccess.Same(o.At("spec", "clusterIPs"), old.At("spec", "clusterIPs")))
        {
            o.Ensure("spec")["clusterIPs"] = new JsonArray(address);
        }

        foreach (var field in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" })
        {
            if (old.At("spec", field) is { } value)
                o.Ensure("spec").Default(field, value.DeepClone());
        }
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Label1035Name(name, field);

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        var spec = o.ObjectAt("spec") ?? [];
        var type = spec.StringAt("type") ?? "";
        if (spec.ArrayAt("ports") is null or { Count: 0 } && type != "ExternalName" && spec.StringAt("clusterIP") != "None")
            yield return FieldError.Required("spec.ports");
        if (!Types.Contains(type))
            yield return FieldError.NotSupported("spec.type", type, Types);
        if (type == "ExternalName" && spec.StringAt("externalName") is null or "")
            yield return FieldError.Required("spec.externalName");
        if (spec.StringAt("sessionAffinity") is { } affinity && !Affinities.Contains(affinity))
            yield return FieldError.NotSupported("spec.sessionAffinity", affinity, Affinities);
        foreach (var error in ValidatePorts(spec.ArrayAt("ports") ?? []))
            yield return error;
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
    {
        foreach (var error in ValidateCreate(o))
            yield return error;
        var external = o.StringAt("spec", "type") == "ExternalName" || old.StringAt("spec", "type") == "ExternalName";
        if (!external && old.ArrayAt("spec", "clusterIPs") is [{ } primary, ..] && o.ArrayAt("spec", "clusterIPs") is [{ } now, ..] && !JsonAccess.Same(primary, now))
            yield return FieldError.Invalid("spec.clusterIPs[0]", o.ArrayAt("spec", "clusterIPs"), "may not change once set");
    }

    private static IEnumerable<FieldError> ValidatePorts(JsonArray ports)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var path = $"spec.ports[{i}]";
            var name = ports[i].StringAt("name") ?? "";
            if (name.Length == 0 && ports.Count > 1)
                yield return FieldError.Required(path + ".name");
            else if (name.Length > 0 && !names.Add(name))
                yield return FieldError.Duplicate(path + ".name", name);
            if (ports[i].LongAt("port") is var port && port is null or < 1 or > 65535)
                yield return FieldError.Invalid(path + ".port", port ?? 0, "must be between 1 and 65535, inclusive");
            var protocol = ports[i].StringAt("protocol") ?? "";
            if (!Protocols.Contains(protocol))
                yield return FieldError.NotSupported(path + ".protocol", protocol, Protocols);
            if (ports[i].LongAt("targetPort") is { } target and (< 1 or > 65535))
                yield return FieldError.Invalid(path + ".targetPort", target, "must be between 1 and 65535, inclusive");
        }

        var pairs = new HashSet<(string?, long?)>();
        for (var i = 0; i < ports.Count; i++)
        {
            if (!pairs.Add((ports[i].StringAt("protocol"), ports[i].LongAt("port"))))
                yield return FieldError.Duplicate($"spec.ports[{i}]", ports[i]);
        }
    }

    /// <summary>Services that are reached from outside get a port of every node.</summary>
    private void OpenOnNodes(JsonObject spec)
    {
        if (spec.StringAt("type") is not ("NodePort" or "LoadBalancer"))
            return;
        spec.Default("externalTrafficPolicy", "Cluster");
        if (spec.StringAt("type") == "LoadBalancer")
            spec.Default("allocateLoadBalancerNodePorts", true);
        foreach (var port in spec.ArrayAt("ports")?.OfType<JsonObject>() ?? [])
            port.Default("nodePort", Interlocked.Increment(ref lastNodePort));
    }
}
