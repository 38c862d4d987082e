using System.Reflection;
using System.Text.Json.Serialization;
using k8s.Models;

namespace LightReasoner.DevCluster.Schema;

/// <summary>
/// The types of the built-in kinds. The models of KubernetesClient tell fields and their types; how lists are merged, which they leave out,
/// stands in a table here.
/// </summary>
internal static class BuiltInTypes
{
    /// <summary>
    /// TYPE.FIELD KEYS: lists whose items server-side apply and strategic merge patches (by the first key) tell apart by these keys.
    /// </summary>
    private const string ListsByKey = """
        Container.env name
        Container.ports containerPort,protocol
        Container.volumeDevices devicePath
        Container.volumeMounts mountPath
        ContainerStatus.volumeMounts mountPath
        CustomResourceDefinitionStatus.conditions type
        DeploymentStatus.conditions type
        JSONSchemaProps.x-kubernetes-validations rule
        NamespaceStatus.conditions type
        NodeStatus.addresses type
        NodeStatus.conditions type
        ObjectMeta.ownerReferences uid
        PodSpec.containers name
        PodSpec.hostAliases ip
        PodSpec.imagePullSecrets name
        PodSpec.initContainers name
        PodSpec.resourceClaims name
        PodSpec.schedulingGates name
        PodSpec.topologySpreadConstraints topologyKey,whenUnsatisfiable
        PodSpec.volumes name
        PodStatus.conditions type
        PodStatus.podIPs ip
        ReplicaSetStatus.conditions type
        ResourceRequirements.claims name
        ServiceAccount.secrets name
        ServiceSpec.ports port,protocol
        ServiceStatus.conditions type
        """;

    /// <summary>Lists by key to strategic merge patches only.</summary>
    private static readonly Dictionary<string, string> PatchedByKey =
        new() { ["JobStatus.conditions"] = "type", ["PodStatus.hostIPs"] = "ip" };

    private static readonly HashSet<string> Sets =
        ["ObjectMeta.finalizers", "PodFailurePolicyOnExitCodesRequirement.values", "UncountedTerminatedPods.failed",
            "UncountedTerminatedPods.succeeded"];

    private static readonly HashSet<string> Atomic =
    [
        "ConfigMapKeySelector", "LabelSelector", "LocalObjectReference", "NodeSelector", "NodeSelectorTerm",
            "ObjectFieldSelector", "ObjectReference",
        "OwnerReference", "PodSpec.nodeSelector", "ResourceFieldSelector", "RoleRef", "SecretKeySelector",
            "ServiceSpec.selector", "Subject",
        "TypedLocalObjectReference",
    ];

    private static readonly HashSet<string> MicroTimes = ["LeaseSpec.acquireTime", "LeaseSpec.renewTime", "Event.eventTime",
        "EventSeries.lastObservedTime"];

    private static readonly Dictionary<string, string[]> Keys = ListsByKey.Split('\n').Select(l => l.Trim().Split(' '))
        .ToDictionary(p => p[0], p => p[1].Split(','));

    private static readonly ConcurrentDictionary<Type, TypeSchema> Known = new();
    private static readonly Lock Reading = new();

    /// <summary>The type of a name without its version, such as <c>Pod</c>.</summary>
    public static TypeSchema Get(string name)
    {
        var models = typeof(V1Pod).Assembly;
        var model = new[] { "V1", "Corev1", "Authenticationv1" }.Select(prefix => models.GetType($"k8s.Models.{prefix}{name}"))
            .First(t => t is not null)!;
        lock (Reading)
            return Class(model);
    }

    private static TypeSchema Class(Type model)
    {
        if (Known.TryGetValue(model, out var known))
            return known;
        var name = model.Name.Replace("Corev1", "", StringComparison.Ordinal).Replace("Authenticationv1", "", StringComparison.Ordinal);
        name = name.StartsWith("V1", StringComparison.Ordinal) ? name[2..] : name;
        var schema = new TypeSchema { Name = $"io.k8s.{name}", Type = "object", AtomicMap = Atomic.Contains(name) };
        // Known before its fields are: JSONSchemaProps has fields of its own type.
        Known[model] = schema;
        var isKind = model.GetCustomAttribute<KubernetesEntityAttribute>() is not null;
        foreach (var property in model.GetProperties())
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is { } field && !(isKind && field is "kind" or "apiVersion"))
                schema.Properties[field] = Member(property.PropertyType, $"{name}.{field}");
        }

        return schema;
    }

    private static TypeSchema Member(Type type, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return new TypeSchema { Type = "string", Default = path is "ContainerPort.protocol" or "ServicePort.protocol" ? "TCP" : null };
        if (type == typeof(byte[]))
            return new TypeSchema { Type = "string", Format = "byte" };
        if (type == typeof(DateTime))
            return new TypeSchema { Type = "string", Format = MicroTimes.Contains(path) ? "micro-time" : "date-time" };
        if (type == typeof(bool))
            return new TypeSchema { Type = "boolean" };
        if (type == typeof(int) || type == typeof(long))
            return new TypeSchema { Type = "integer", Format = type == typeof(int) ? "int32" : "int64" };
        if (type == typeof(double))
            return new TypeSchema { Type = "number", Format = "double" };
        if (type == typeof(ResourceQuantity) || type == typeof(IntOrString))
            return new TypeSchema { IntOrString = true, Format = type == typeof(ResourceQuantity) ? "quantity" : null };
        if (type == typeof(object))
            return new TypeSchema { PreserveUnknown = true };
        if (!type.IsGenericType)
            return Class(type);
        var inner = Member(type.GetGenericArguments()[^1], path);
        if (type.GetGenericTypeDefinition() == typeof(IDictionary<,>))
            return new TypeSchema { Type = "object", Values = inner, AtomicMap = Atomic.Contains(path) };
        var keys = Keys.GetValueOrDefault(path, []);
        return new TypeSchema
        {
            Type = "array",
            Items = inner,
            ListType = Sets.Contains(path) ? "set" : keys.Length > 0 ? "map" : null,
            ListMapKeys = keys,
            MergeKey = path == "ObjectMeta.finalizers" ? "" : keys.FirstOrDefault() ?? PatchedByKey.GetValueOrDefault(path),
        };
    }
}
