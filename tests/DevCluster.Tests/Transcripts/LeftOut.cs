namespace LightReasoner.DevCluster.Tests.Transcripts;

/// <summary>
/// What a real API server has and this one does not, with the recorded cases (or CASE/STEP) that need it. devcluster/README.md lists them
/// too.
/// </summary>
internal static class LeftOut
{
    private static readonly Dictionary<string, string> Features = new()
    {
        ["aggregated discovery"] = "disc-aggregated-etag disc-api-aggregated disc-apis-aggregated crd-create/in-aggregated",
        ["OpenAPI beyond what kubectl reads"] = "disc-openapi-v3 crd-create/openapi crd-create/openapi-paths crd-delete/openapi-gone",
        ["several versions of a definition"] = "crd-two-versions",
        ["conflicts between definitions' names"] = "crd-names-conflict",
        ["checks of definitions"] =
            "crd-invalid-cel crd-invalid-cel-cost crd-invalid-columns crd-invalid-default crd-invalid-list-map crd-invalid-name "
            + "crd-invalid-names"
            + " crd-invalid-non-structural crd-invalid-two-storage crd-invalid-version-name",
        ["impersonation"] = "access-review write-forbidden write-forbidden-role",
        ["events.k8s.io"] =
            "disc-apis disc-other-resources/events events-core/as-events-k8s-io events-core/sel-5 table-events/events-k8s-io "
            + "events-k8s-io events-k8s-io-errors",
        ["meta.k8s.io/v1beta1"] = "partial-object-metadata/fallback table-include-object/v1beta1",
        ["access to pods other than logs"] = "pod-exec-errors/proxy",
        ["answers in YAML"] = "write-accept",
        ["some checks of Pods, ConfigMaps and Secrets"] = "configmap-secret patch-strategic-pod/delete-container",
    };

    /// <summary>Commands of kubectl that need what is left out: impersonation, and protobuf bodies of more than a few kinds.</summary>
    public static IReadOnlySet<string> Commands { get; } = new HashSet<string> { "auth-can-i-as", "create-job" };

    public static IEnumerable<string> Names => Features.Keys;

    public static IReadOnlySet<string> Cases { get; } = Features.Values.SelectMany(cases => cases.Split(' ')).ToHashSet();
}
