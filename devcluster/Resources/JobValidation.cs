namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of Jobs: what the controller could not work with, and what may not change.</summary>
internal static class JobValidation
{
    private static readonly string[] Counts = ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
        "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"];
    private static readonly string[] Fixed = ["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy"];
    private static readonly string[] Actions = ["Count", "FailIndex", "FailJob", "Ignore"];

    public static IEnumerable<FieldError> Create(JsonObject o)
    {
        foreach (var error in Spec(o))
            yield return error;
        // The name becomes the value of a label and the host name of the pods, too.
        foreach (var problem in Names.LabelValue(o.Name()))
            yield return FieldError.Invalid("spec.template.labels", o.Name(), problem);
        if (o.Text("spec", "completionMode") == "Indexed" && o.Number("spec", "completions") is > 0 and var n
            && (o.Name().Length + 1 + $"{n - 1}".Length > 63 || o.Name().Contains('.')))
            yield return FieldError.Invalid("metadata.name", $"{o.Name()}-{n - 1}",
                "will not able to create pod with invalid DNS name: must be no more than 63 bytes");
    }

    public static IEnumerable<FieldError> Update(JsonObject o, JsonObject old)
    {
        foreach (var error in Spec(o))
            yield return error;
        var (spec, before) = (o.Map("spec") ?? [], old.Map("spec") ?? []);
        foreach (var field in Fixed.Where(f => !JsonAccess.Same(spec[f], before[f])))
            yield return FieldError.Invalid($"spec.{field}", spec[field], "field is immutable");
        // An Indexed job may be scaled by changing completions and parallelism together.
        if (spec.Number("completions") != before.Number("completions")
            && (spec.Text("completionMode") != "Indexed" || spec.Number("completions") != spec.Number("parallelism")))
            yield return FieldError.Invalid("spec.completions", spec["completions"], spec.Text("completionMode") != "Indexed"
                ? "field is immutable" : "can only be modified in tandem with spec.parallelism");
        if (!JsonAccess.Same(Comparable(spec, before, old), before["template"]))
            yield return FieldError.Invalid(before.BoolAt("suspend") && old.At("status", "startTime") is null ? "spec.template.spec"
                : "spec.template", spec["template"], "field is immutable");
    }

    private static IEnumerable<FieldError> Spec(JsonObject o)
    {
        var spec = o.Map("spec") ?? [];
        if (!LabelSelector.FromObject(spec.Map("selector")).Matches(spec.Map("template", "metadata", "labels")))
            yield return FieldError.Invalid("spec.template.metadata.labels", spec.At("template", "metadata", "labels"),
                "`selector` does not match template `labels`");
        foreach (var field in Counts)
        {
            if (spec.Number(field) is < 0 and var value)
                yield return FieldError.Invalid($"spec.{field}", value, "must be greater than or equal to 0");
        }

        var mode = spec.Text("completionMode");
        if (mode is not ("NonIndexed" or "Indexed"))
            yield return FieldError.NotSupported("spec.completionMode", mode ?? "", "NonIndexed", "Indexed");
        if (mode == "Indexed" && spec["completions"] is null)
            yield return FieldError.Required("spec.completions", "when completion mode is Indexed");
        if (mode != "Indexed" && spec["backoffLimitPerIndex"] is { } perIndex)
            yield return FieldError.Invalid("spec.backoffLimitPerIndex", perIndex, "requires indexed completion mode");
        if (spec["maxFailedIndexes"] is not null && spec["backoffLimitPerIndex"] is null)
            yield return FieldError.Required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified");
        if (spec["successPolicy"] is not null)
            yield return FieldError.Forbidden("spec.successPolicy", "the development cluster does not know it");
        string[] replacement = spec["podFailurePolicy"] is null ? ["Failed", "TerminatingOrFailed"] : ["Failed"];
        if (spec.Text("podReplacementPolicy") is { } policy && !replacement.Contains(policy))
            yield return FieldError.NotSupported("spec.podReplacementPolicy", policy, replacement);
        if (spec.Text("managedBy") is { } manager && !manager.Contains('/'))
            yield return FieldError.Invalid("spec.managedBy", manager, "must be a domain-prefixed path (such as \"acme.io/foo\")");
        foreach (var (rule, i) in spec.Items("podFailurePolicy", "rules").Select((r, i) => (r, i)))
        {
            foreach (var error in FailureRule(spec, rule, $"spec.podFailurePolicy.rules[{i}]"))
                yield return error;
        }

        var template = spec.Map("template", "spec") ?? [];
        foreach (var error in PodValidation.Spec(template, "spec.template.spec"))
            yield return error;
        var restart = template.Text("restartPolicy");
        if (restart == "Always")
            yield return FieldError.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\"");
        else if (restart != "Never" && spec["podFailurePolicy"] is not null)
            yield return FieldError.Invalid("spec.template.spec.restartPolicy", restart,
                "only \"Never\" is supported when podFailurePolicy is specified");
    }

    private static IEnumerable<FieldError> FailureRule(JsonObject spec, JsonObject rule, string path)
    {
        var action = rule.Text("action") ?? "";
        if (!Actions.Contains(action))
            yield return FieldError.NotSupported($"{path}.action", action, Actions);
        else if (action == "FailIndex" && spec["backoffLimitPerIndex"] is null)
            yield return FieldError.Invalid($"{path}.action", action, "requires the backoffLimitPerIndex to be set");
        var (codes, conditions) = (rule.Map("onExitCodes"), rule.Items("onPodConditions").Any());
        if (codes is not null == conditions)
            yield return FieldError.Invalid(path, rule, codes is null ? "specifying one of OnExitCodes and OnPodConditions is required"
                : "specifying both OnExitCodes and OnPodConditions is not supported");
        if (codes is not null && codes.Text("operator") is not ("In" or "NotIn") and var op)
            yield return FieldError.NotSupported($"{path}.onExitCodes.operator", op ?? "", "In", "NotIn");
        if (codes is not null && codes.ArrayAt("values") is null or { Count: 0 })
            yield return FieldError.Invalid($"{path}.onExitCodes.values", new JsonArray(), "at least one value is required");
    }

    // A job that is suspended and has not started may have the scheduling directives of its template changed.
    private static JsonNode? Comparable(JsonObject spec, JsonObject before, JsonObject old)
    {
        var suspended = before.BoolAt("suspend") && old.At("status", "startTime") is null
            && (old.Number("status", "active") ?? 0) == 0;
        if (!suspended || spec["template"] is not JsonObject template)
            return spec["template"];
        var comparable = template.Copy();
        foreach (var field in new[] { "nodeSelector", "tolerations", "schedulingGates", "affinity" })
            comparable.Ensure("spec").SetOrRemove(field, before.At("template", "spec", field)?.DeepClone());
        foreach (var field in new[] { "labels", "annotations" })
            comparable.Metadata().SetOrRemove(field, before.At("template", "metadata", field)?.DeepClone());
        return comparable;
    }
}
