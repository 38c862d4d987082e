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
            "crd-invalid-cel crd-invalid-cel-cost crd-invalid-columns crd-invalid-default crd-invalid-list-map "
            + "crd-invalid-name crd-invalid-names crd-invalid-non-structural crd-invalid-two-storage crd-invalid-version-name "
            + "crd-watch-establish",
        ["impersonation"] = "access-review write-forbidden write-forbidden-role",
        ["events.k8s.io"] =
            "disc-apis disc-other-resources/events events-core table-events/events-k8s-io events-k8s-io events-k8s-io-errors",
        ["access to pods other than logs"] = "pod-exec-errors disc-core-resources",
        ["answers and bodies in YAML"] =
            "write-accept write-media-types/yaml write-media-types-builtin/yaml write-media-types-builtin/yaml-bool "
            + "write-media-types-builtin/bad-yaml",
        ["metadata alone"] = "partial-object-metadata",
        ["lists at a resource version"] =
            "list-expired list-resource-version list-resource-version-get list-paging-errors watch-streaming-list-errors",
        ["successPolicy"] = "job-success-policy",
        ["some checks of Jobs, Pods, ConfigMaps, Secrets, Leases and tokens"] =
            "configmap-secret delete-options-body/both job-invalid job-invalid-policies job-managed-by/complete-without-criteria "
            + "job-managed-by/failed-without-target job-managed-by/negative job-managed-by/both job-managed-by/unfinish "
            + "job-managed-by/active-again lease-patch-and-times patch-strategic-pod/delete-container "
            + "patch-strategic-pod/bad-directive pod-invalid pod-log-errors/bad-tail pod-log-errors/bad-tail-text "
            + "pod-log-errors/since-both pod-log-errors/since-zero pod-log-errors/limit-bytes-zero pod-log-errors/bad-stream "
            + "token-errors token-bound-pod/review-match token-bound-pod/review-both token-bound-pod/review-mismatch "
            + "token-bound-pod/review-no-audience token-bound-pod/review-after-pod token-plain/review token-plain/review-after-sa",
        ["access reviews of others"] = "disc-other-resources/authorization",
        ["anyOf, oneOf, allOf, not and multipleOf"] = "cr-invalid-int-or-string cr-invalid-multiple-of",
        ["the exact text of some errors"] =
            "cr-invalid-type-float-for-int cr-status-missing-object/post cr-status-missing-object/delete cr-status-validation "
            + "crd-cluster-scoped crd-create/group-absent crd-delete/endpoint-gone crd-delete/group-gone crd-scope-mismatch "
            + "delete-finalizer/add-finalizer delete-finalizer/create-same-name disc-health/unknown disc-missing job-immutable "
            + "patch-merge-conflict/uid-wrong patch-types-unsupported pod-log-node-down ssa-errors table-cr/list-error "
            + "table-include-object/bad table-include-object/v1beta1 table-include-object/v2 table-include-object/unknown-as "
            + "watch-too-old/garbage write-dry-run/bad write-invalid-name-length write-invalid-owner-references "
            + "write-media-types/text write-media-types/form write-media-types/put-text write-media-types-builtin/text "
            + "write-method-not-allowed write-not-found write-put-uid-mismatch/other-uid write-server-set-metadata/patch-uid "
            + "write-server-set-metadata/patch-deletion write-wrong-kind write-wrong-kind-builtin",
        ["conditions of terminating namespaces"] = "namespace-lifecycle namespace-objects",
    };

    /// <summary>Commands of kubectl that need what is left out, or protobuf bodies of more than a few kinds.</summary>
    public static IReadOnlySet<string> Commands { get; } = new HashSet<string> { "auth-can-i-as", "create-job", "exec", "port-forward" };

    public static IEnumerable<string> Names => Features.Keys;

    public static IReadOnlySet<string> Cases { get; } = Features.Values.SelectMany(cases => cases.Split(' ')).ToHashSet();
}
