namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>
/// What a real API server has and this one does not, with the recorded cases (or CASE/STEP) that need it. devcluster/README.md lists them
/// too.
/// </summary>
internal static class LeftOut
{
    private static readonly Dictionary<string, string> Features = new()
    {
        ["aggregated discovery"] = "disc-api disc-aggregated-etag disc-api-aggregated disc-apis-aggregated crd-create/in-aggregated",
        ["OpenAPI beyond what kubectl reads"] = "disc-openapi-v3 crd-create/openapi crd-create/openapi-paths crd-delete/openapi-gone",
        ["several versions of a definition"] = "crd-two-versions",
        ["conflicts between definitions' names"] = "crd-names-conflict",
        ["checks of definitions"] =
            "crd-invalid-cel crd-invalid-cel-cost crd-invalid-columns crd-invalid-default crd-invalid-list-map crd-invalid-name "
            + "crd-invalid-names crd-watch-establish crd-invalid-non-structural crd-invalid-two-storage crd-invalid-version-name",
        ["impersonation"] = "access-review write-forbidden write-forbidden-role",
        ["events.k8s.io"] =
            "disc-apis disc-other-resources/events events-core/as-events-k8s-io events-core table-events/events-k8s-io "
            + "events-k8s-io events-k8s-io-errors",
        ["access to pods other than logs"] = "pod-exec-errors disc-core-resources",
        ["answers and bodies in YAML"] = "write-accept write-media-types/yaml",
        ["metadata alone"] = "partial-object-metadata",
        ["lists at a resource version"] =
            "list-expired list-resource-version list-resource-version-get list-paging-errors watch-streaming-list-errors",
        ["successPolicy"] = "job-success-policy",
        ["some checks of Jobs, Pods, ConfigMaps, Secrets, Leases and tokens"] =
            "configmap-secret patch-strategic-pod/delete-container patch-strategic-pod/bad-directive pod-invalid pod-log- "
            + "errors/bad-tail job-invalid job-invalid-policies job-managed-by/complete-without-criteria job-managed-by/failed- "
            + "without-target lease-patch-and-times/no-fraction lease-patch-and-times/one-digit token-errors delete-options-body/both",
        ["access reviews of others"] = "disc-other-resources/authorization",
        ["anyOf, oneOf, allOf, not and multipleOf"] = "cr-invalid-int-or-string cr-invalid-multiple-of",
        ["the words of some refusals"] =
            "cr-invalid-type-float-for-int cr-status-missing-object/post cr-status-missing-object/delete cr-status-validation crd- "
            + "cluster-scoped crd-create/group-absent crd-delete/endpoint-gone crd-scope-mismatch delete-finalizer/add-finalizer "
            + "delete-finalizer/create-same-name disc-health/unknown disc-missing job-immutable patch-merge-conflict/uid-wrong patch- "
            + "types-unsupported pod-log-node-down ssa-errors table-cr/list-error table-include-object/bad table-include- "
            + "object/v1beta1 table-include-object/unknown-as watch-too-old/garbage write-dry-run/bad write-invalid-name-length "
            + "write-invalid-owner-references write-media-types/text write-media-types-builtin/text write-method-not-allowed write- "
            + "not-found write-put-uid-mismatch/other-uid write-wrong-kind write-wrong-kind-builtin",
        ["what tells why a namespace is not gone"] = "namespace-lifecycle namespace-objects",
    };

    /// <summary>Commands of kubectl that need what is left out, or protobuf bodies of more than a few kinds.</summary>
    public static IReadOnlySet<string> Commands { get; } = new HashSet<string> { "auth-can-i-as", "create-job", "exec", "port-forward" };

    public static IEnumerable<string> Names => Features.Keys;

    public static IReadOnlySet<string> Cases { get; } = Features.Values.SelectMany(cases => cases.Split(' ')).ToHashSet();
}
