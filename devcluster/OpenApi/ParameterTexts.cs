namespace LightReasoner.DevCluster.OpenApi;

/// <summary>What the query parameters of the API mean, in the words of its documentation.</summary>
internal static class ParameterTexts
{
    private const string Versions = "See https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions for details.\n\nDefaults to unset";

    public static string Of(string name, string action) => name switch
    {
        "dryRun" => "When present, indicates that modifications should not be persisted. An invalid or unrecognized dryRun directive will result in an error response and no further processing of the request. Valid values are: - All: all dry run stages will be processed",
        "fieldManager" => "fieldManager is a name associated with the actor or entity that is making these changes. The value must be less than or 128 characters long, and only contain printable characters, as defined by https://golang.org/pkg/unicode/#IsPrint."
            + (action == "patch" ? " This field is required for apply requests (application/apply-patch) but optional for non-apply patch types (JsonPatch, MergePatch, StrategicMergePatch)." : ""),
        "fieldValidation" => "fieldValidation instructs the server on how to handle objects in the request (POST/PUT/PATCH) containing unknown or duplicate fields. Valid values are: - Ignore: This will ignore any unknown fields that are silently dropped from the object, and will ignore all but the last duplicate field that the decoder encounters. This is the default behavior prior to v1.23. - Warn: This will send a warning via the standard warning response header for each unknown field that is dropped from the object, and for each duplicate field that is encountered. The request will still succeed if there are no other errors, and will only persist the last of any duplicate fields. This is the default in v1.23+ - Strict: This will fail the request with a BadRequest error if any unknown fields would be dropped from the object, or if any duplicate fields are present. The error returned from the server will contain all unknown and duplicate fields encountered.",
        "force" => "Force is going to \"force\" Apply requests. It means user will re-acquire conflicting fields owned by other people. Force flag must be unset for non-apply patch requests.",
        "resourceVersion" => "resourceVersion sets a constraint on what resource versions a request may be served from. " + Versions,
        "resourceVersionMatch" => "resourceVersionMatch determines how resourceVersion is applied to list calls. " + Versions,
        "labelSelector" => "A selector to restrict the list of returned objects by their labels. Defaults to everything.",
        "fieldSelector" => "A selector to restrict the list of returned objects by their fields. Defaults to everything.",
        "limit" => "The most items that one answer holds; more are told by a continue token.",
        "continue" => "The token of an earlier answer: the list goes on where that one ended.",
        "watch" => "Stream the changes instead of listing the objects.",
        "allowWatchBookmarks" => "Ask for events that carry nothing but a resource version.",
        "sendInitialEvents" => "Begin a watch with the objects that are there.",
        "timeoutSeconds" => "How long the call may last.",
        "gracePeriodSeconds" => "Seconds before the object is deleted; zero: at once.",
        "propagationPolicy" => "What becomes of the dependents: Orphan, Background or Foreground.",
        "orphanDependents" => "Deprecated: use propagationPolicy.",
        _ => name,
    };
}
