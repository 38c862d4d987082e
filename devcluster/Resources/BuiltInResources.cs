namespace LightReasoner.DevCluster.Resources;

/// <summary>The resources that are always there.</summary>
internal static class BuiltInResources
{
    private const string Apps = "apps", Authentication = "authentication.k8s.io", Authorization = "authorization.k8s.io",
        Rbac = "rbac.authorization.k8s.io";

    private static readonly string[] Everything = ["all"], CreateOnly = ["create"], StatusVerbs = ["get", "patch", "update"];

    public static IEnumerable<ResourceType> All =>
    [
        Of("", "configmaps", "ConfigMap", new DataStrategy("Name|Data|Age"), ["cm"]),
        Of("", "events", "Event", new EventStrategy(), ["ev"]),
        Of("", "namespaces", "Namespace", new NamespaceStrategy(), ["ns"], namespaced: false, status: true,
            verbs: [.. ResourceType.AllVerbs.Where(v => v != "deletecollection")],
                subresources: [new("finalize", "Namespace", ["update"])]),
        Of("", "nodes", "Node", new NodeStrategy(), ["no"], namespaced: false, status: true),
        Of("", "persistentvolumeclaims", "PersistentVolumeClaim", new ClaimStrategy(), ["pvc"], status: true),
        Of("", "pods", "Pod", new PodStrategy(), ["po"], Everything, status: true,
            subresources: [new("binding", "Binding", CreateOnly), new("log", "Pod", ["get"])]),
        Of("", "secrets", "Secret", new DataStrategy("Name|Type|Data|Age")),
        Of("", "serviceaccounts", "ServiceAccount", new ServiceAccountStrategy(), ["sa"],
            subresources: [new("token", "TokenRequest", CreateOnly, Authentication, "v1")]),
        Of("", "services", "Service", new ServiceStrategy(), ["svc"], Everything, status: true),
        Of(Apps, "deployments", "Deployment", new DeploymentStrategy("Name|Ready|Up-to-date|Available|Age|Containers*|Images*|Selector*"),
            ["deploy"], Everything, status: true),
        Of(Apps, "replicasets", "ReplicaSet", new DeploymentStrategy("Name|Desired|Current|Ready|Age|Containers*|Images*|Selector*"),
            ["rs"], Everything, status: true),
        Review(Authentication, "SelfSubjectReview"),
        Review(Authentication, "TokenReview"),
        Review(Authorization, "SelfSubjectAccessReview"),
        Of("batch", "jobs", "Job", new JobStrategy(), categories: Everything, status: true),
        Of("networking.k8s.io", "networkpolicies", "NetworkPolicy", new SpecStrategy(), ["netpol"]),
        Of("policy", "poddisruptionbudgets", "PodDisruptionBudget", new SpecStrategy(), ["pdb"], status: true),
        Of(Rbac, "clusterrolebindings", "ClusterRoleBinding", new RoleBindingStrategy(), namespaced: false),
        Of(Rbac, "clusterroles", "ClusterRole", new RoleStrategy(), namespaced: false),
        Of(Rbac, "rolebindings", "RoleBinding", new RoleBindingStrategy()),
        Of(Rbac, "roles", "Role", new RoleStrategy()),
        Of("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", new CustomResourceDefinitionStrategy(),
            ["crd", "crds"], ["api-extensions"], namespaced: false, status: true),
        Of("coordination.k8s.io", "leases", "Lease", new LeaseStrategy()),
    ];

    private static ResourceType Of(string group, string plural, string kind, ResourceStrategy strategy, string[]? shortNames = null,
        string[]? categories = null,
        bool namespaced = true, bool status = false, string[]? verbs = null, Subresource[]? subresources = null) => new()
        {
            Group = group,
            Version = "v1",
            Plural = plural,
            Singular = kind.ToLowerInvariant(),
            Kind = kind,
            Namespaced = namespaced,
            ShortNames = shortNames ?? [],
            Categories = categories ?? [],
            Verbs = verbs ?? ResourceType.AllVerbs,
            Subresources = status ? [.. subresources ?? [], new("status", kind, StatusVerbs)] : subresources ?? [],
            Schema = BuiltInTypes.Get(kind),
            Strategy = strategy,
        };

    private static ResourceType Review(string group, string kind)
        => Of(group, kind.ToLowerInvariant() + "s", kind, new ResourceStrategy(), namespaced: false, verbs: CreateOnly);
}
