using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The resources that are always there.</summary>
internal static class BuiltInResources
{
    private static readonly string[] NoCollectionDelete = ["create", "delete", "get", "list", "patch", "update", "watch"];
    private static readonly string[] CreateOnly = ["create"];

    public static IEnumerable<ResourceType> All =>
    [
        Core("configmaps", "ConfigMap", new ConfigMapStrategy(), ["cm"]),
        Core("events", "Event", new EventStrategy(), ["ev"]),
        new ResourceType
        {
            Group = "", Version = "v1", Plural = "namespaces", Singular = "namespace", Kind = "Namespace", Namespaced = false,
            ShortNames = ["ns"], Verbs = NoCollectionDelete, Schema = BuiltInTypes.Get("Namespace"), Strategy = new NamespaceStrategy(),
            Subresources = [new("finalize", "Namespace", ["update"]), Status("Namespace")],
        },
        new ResourceType
        {
            Group = "", Version = "v1", Plural = "nodes", Singular = "node", Kind = "Node", Namespaced = false,
            ShortNames = ["no"], Schema = BuiltInTypes.Get("Node"), Strategy = new NodeStrategy(), Subresources = [Status("Node")],
        },
        new ResourceType
        {
            Group = "", Version = "v1", Plural = "pods", Singular = "pod", Kind = "Pod", ShortNames = ["po"], Categories = ["all"],
            Schema = BuiltInTypes.Get("Pod"), Strategy = new PodStrategy(),
            Subresources =
            [
                new("attach", "PodAttachOptions", ["create", "get"]), new("binding", "Binding", CreateOnly),
                new("exec", "PodExecOptions", ["create", "get"]), new("log", "Pod", ["get"]),
                new("portforward", "PodPortForwardOptions", ["create", "get"]), Status("Pod"),
            ],
        },
        Core("secrets", "Secret", new SecretStrategy()),
        new ResourceType
        {
            Group = "", Version = "v1", Plural = "serviceaccounts", Singular = "serviceaccount", Kind = "ServiceAccount", ShortNames = ["sa"],
            Schema = BuiltInTypes.Get("ServiceAccount"), Strategy = new ServiceAccountStrategy(),
            Subresources = [new("token", "TokenRequest", CreateOnly, "authentication.k8s.io", "v1")],
        },
        new ResourceType
        {
            Group = "", Version = "v1", Plural = "services", Singular = "service", Kind = "Service", ShortNames = ["svc"], Categories = ["all"],
            Schema = BuiltInTypes.Get("Service"), Strategy = new ServiceStrategy(), Subresources = [Status("Service")],
        },
        new ResourceType
        {
            Group = "events.k8s.io", Version = "v1", Plural = "events", Singular = "event", Kind = "Event", ShortNames = ["ev"],
            Storage = "/events", Schema = BuiltInTypes.Get("EventsEvent"), Strategy = new EventsStrategy(),
        },
        Review("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", false),
        Review("authentication.k8s.io", "tokenreviews", "TokenReview", false),
        Review("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
        Review("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
        Review("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
        Review("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", false),
        new ResourceType
        {
            Group = "batch", Version = "v1", Plural = "jobs", Singular = "job", Kind = "Job", Categories = ["all"],
            Schema = BuiltInTypes.Get("Job"), Strategy = new JobStrategy(), Subresources = [Status("Job")],
        },
        Rbac("clusterrolebindings", "ClusterRoleBinding", false, new RoleBindingStrategy()),
        Rbac("clusterroles", "ClusterRole", false, new RoleStrategy(namespaced: false)),
        Rbac("rolebindings", "RoleBinding", true, new RoleBindingStrategy()),
        Rbac("roles", "Role", true, new RoleStrategy(namespaced: true)),
        new ResourceType
        {
            Group = "apiextensions.k8s.io", Version = "v1", Plural = "customresourcedefinitions", Singular = "customresourcedefinition",
            Kind = "CustomResourceDefinition", Namespaced = false, ShortNames = ["crd", "crds"], Categories = ["api-extensions"],
            Schema = BuiltInTypes.Get("CustomResourceDefinition"), Strategy = new CustomResourceDefinitionStrategy(),
            Subresources = [Status("CustomResourceDefinition")],
        },
        new ResourceType
        {
            Group = "coordination.k8s.io", Version = "v1", Plural = "leases", Singular = "lease", Kind = "Lease",
            Schema = BuiltInTypes.Get("Lease"), Strategy = new LeaseStrategy(),
        },
    ];

    private static Subresource Status(string kind) => new("status", kind, ResourceType.StatusVerbs);

    private static ResourceType Core(string plural, string kind, ResourceStrategy strategy, string[]? shortNames = null) => new()
    {
        Group = "",
        Version = "v1",
        Plural = plural,
        Singular = kind.ToLowerInvariant(),
        Kind = kind,
        ShortNames = shortNames ?? [],
        Schema = BuiltInTypes.Get(kind),
        Strategy = strategy,
    };

    private static ResourceType Rbac(string plural, string kind, bool namespaced, ResourceStrategy strategy) => new()
    {
        Group = "rbac.authorization.k8s.io",
        Version = "v1",
        Plural = plural,
        Singular = kind.ToLowerInvariant(),
        Kind = kind,
        Namespaced = namespaced,
        Schema = BuiltInTypes.Get(kind),
        Strategy = strategy,
    };

    private static ResourceType Review(string group, string plural, string kind, bool namespaced) => new()
    {
        Group = group,
        Version = "v1",
        Plural = plural,
        Singular = kind.ToLowerInvariant(),
        Kind = kind,
        Namespaced = namespaced,
        Verbs = CreateOnly,
        Schema = BuiltInTypes.Get(kind),
        Strategy = new ResourceStrategy(),
    };
}
