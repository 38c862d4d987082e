namespace LightReasoner.DevCluster.Protobuf;

/// <summary>The field numbers of the messages that kubectl sends as protobuf.</summary>
internal static class ProtobufTypes
{
    private static readonly Dictionary<string, Dictionary<int, (string Name, string Type)>> Types = Parse("""
        ObjectMeta: 1 name string, 2 generateName string, 3 namespace string, 5 uid string, 6 resourceVersion string, 8 creationTimestamp time, 11 labels map:string, 12 annotations map:string, 13 ownerReferences []OwnerReference, 14 finalizers []string
        OwnerReference: 1 kind string, 3 name string, 4 uid string, 5 apiVersion string, 6 controller bool, 7 blockOwnerDeletion bool
        Namespace: 1 metadata ObjectMeta
        ConfigMap: 1 metadata ObjectMeta, 2 data map:string, 3 binaryData map:bytes, 4 immutable bool
        Secret: 1 metadata ObjectMeta, 2 data map:bytes, 3 type string, 4 stringData map:string, 5 immutable bool
        ServiceAccount: 1 metadata ObjectMeta, 4 automountServiceAccountToken bool
        Lease: 1 metadata ObjectMeta
        DeleteOptions: 1 gracePeriodSeconds int, 2 preconditions Preconditions, 3 orphanDependents bool, 4 propagationPolicy string, 5 dryRun []string
        Preconditions: 1 uid string, 2 resourceVersion string
        TokenRequest: 1 metadata ObjectMeta, 2 spec TokenRequestSpec
        TokenRequestSpec: 1 audiences []string, 3 boundObjectRef BoundObjectReference, 4 expirationSeconds int
        BoundObjectReference: 1 kind string, 2 apiVersion string, 3 name string, 4 uid string
        TokenReview: 1 metadata ObjectMeta, 2 spec TokenReviewSpec
        TokenReviewSpec: 1 token string, 2 audiences []string
        SelfSubjectReview: 1 metadata ObjectMeta
        SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec
        SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
        ResourceAttributes: 1 namespace string, 2 verb string, 3 group string, 4 version string, 5 resource string, 6 subresource string, 7 name string
        NonResourceAttributes: 1 path string, 2 verb string
        SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec
        SelfSubjectRulesReviewSpec: 1 namespace string
        Job: 1 metadata ObjectMeta, 2 spec JobSpec
        JobSpec: 1 parallelism int, 2 completions int, 3 activeDeadlineSeconds int, 6 template PodTemplateSpec, 7 backoffLimit int, 8 ttlSecondsAfterFinished int, 9 completionMode string, 10 suspend bool
        PodTemplateSpec: 1 metadata ObjectMeta, 2 spec PodSpec
        Pod: 1 metadata ObjectMeta, 2 spec PodSpec
        PodSpec: 2 containers []Container, 3 restartPolicy string, 4 terminationGracePeriodSeconds int, 5 activeDeadlineSeconds int, 6 dnsPolicy string, 7 nodeSelector map:string, 8 serviceAccountName string, 10 nodeName string, 19 schedulerName string
        Container: 1 name string, 2 image string, 3 command []string, 4 args []string, 5 workingDir string, 7 env []EnvVar, 8 resources ResourceRequirements, 14 imagePullPolicy string
        EnvVar: 1 name string, 2 value string
        ResourceRequirements: 1 limits map:quantity, 2 requests map:quantity
        Role: 1 metadata ObjectMeta, 2 rules []PolicyRule
        ClusterRole: 1 metadata ObjectMeta, 2 rules []PolicyRule
        PolicyRule: 1 verbs []string, 2 apiGroups []string, 3 resources []string, 4 resourceNames []string, 5 nonResourceURLs []string
        RoleBinding: 1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef
        ClusterRoleBinding: 1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef
        Subject: 1 kind string, 2 apiGroup string, 3 name string, 4 namespace string
        RoleRef: 1 apiGroup string, 2 kind string, 3 name string
        Service: 1 metadata ObjectMeta, 2 spec ServiceSpec
        ServiceSpec: 1 ports []ServicePort, 2 selector map:string, 3 clusterIP string, 4 type string, 7 sessionAffinity string, 10 externalName string
        ServicePort: 1 name string, 2 protocol string, 3 port int, 4 targetPort intOrString, 5 nodePort nonzero
        """);

    public static bool Has(string type) => Types.ContainsKey(type);

    public static (string Name, string Type)? Field(string type, int number)
        => Types[type].TryGetValue(number, out var field) ? field : null;

    private static Dictionary<string, Dictionary<int, (string, string)>> Parse(string table)
        => table.Split('\n').Select(line => line.Split(": ", 2)).ToDictionary(
            parts => parts[0],
            parts => parts[1].Split(", ").Select(f => f.Split(' ')).ToDictionary(f => int.Parse(f[0], System.Globalization.CultureInfo.InvariantCulture), f => (f[1], f[2])));
}
