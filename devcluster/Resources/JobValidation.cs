using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Selectors;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The checks of Jobs.</summary>
internal static class JobValidation
{
    private const string Immutable = "field is immutable";

    public static IEnumerable<FieldError> Create(JsonObject o)
    {
        var errors = Spec(o);
        // The name becomes the value of two labels of the pods.
        foreach (var label in new[] { "job-name", "batch.kubernetes.io/job-name" })
        {
            if (o.At("spec", "template", "metadata", "labels", label) is not { } given)
                continue;
            if (!o.BoolAt("spec", "manualSelector") && given.Text() != o.Name())
                errors.Add(FieldError.Invalid($"spec.template.metadata.labels[{label}]", given, $"must be '{o.Name()}'"));
            errors.AddRange(Names.LabelValue(given.Text() ?? "")
                .Select(problem => FieldError.Invalid("spec.template.labels", given, problem)));
        }

        // The name becomes the host name of the pods, too.
        if (o.Text("spec", "completionMode") == "Indexed" && o.Number("spec", "completions") is > 0 and var n
            && (o.Name().Length + 1 + $"{n - 1}".Length > 63 || o.Name().Contains('.')))
            errors.Add(FieldError.Invalid("metadata.name", $"{o.Name()}-{n - 1}",
                "will not able to create pod with invalid DNS name: must be no more than 63 bytes"));
        return errors;
    }

    private static List<FieldError> Spec(JsonObject o)
    {
        var errors = new List<FieldError>();
        var spec = o.Map("spec") ?? [];
        Selector(o, spec, errors);
        foreach (var field in new[] { "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished",
            "backoffLimitPerIndex", "maxFailedIndexes" })
        {
            if (spec.Number(field) is < 0 and var value)
                errors.Add(FieldError.Invalid($"spec.{field}", value, "must be greater than or equal to 0"));
        }

        Indexed(spec, errors);
        FailurePolicy(spec, errors);
        SuccessPolicy(spec, errors);
        if (spec.Text("managedBy") is { } manager)
        {
            if (manager.Length > 63)
                errors.Add(FieldError.TooLong("spec.managedBy", 63));
            if (!manager.Contains('/') || manager.Split('/') is not [var prefix, { Length: > 0 }] || !Names.IsSubdomain(prefix))
                errors.Add(FieldError.Invalid("spec.managedBy", manager, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        }

        var template = spec.Map("template", "spec") ?? [];
        errors.AddRange(PodValidation.Spec(template, "spec.template.spec").Where(e => e.Field != "spec.template.spec.restartPolicy"));
        var restart = template.Text("restartPolicy");
        if (restart is null or "" or "Always")
            errors.Add(FieldError.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        else if (restart is not ("Never" or "OnFailure"))
            errors.Add(FieldError.NotSupported("spec.template.spec.restartPolicy", restart, "OnFailure", "Never"));
        else if (restart != "Never" && spec["podFailurePolicy"] is not null)
            errors.Add(FieldError.Invalid("spec.template.spec.restartPolicy", restart,
                "only \"Never\" is supported when podFailurePolicy is specified"));
        return errors;
    }

    private static void Selector(JsonObject o, JsonObject spec, List<FieldError> errors)
    {
        if (spec["selector"] is not JsonObject selector)
        {
            errors.Add(FieldError.Required("spec.selector"));
            return;
        }

        if (!spec.BoolAt("manualSelector")
            && !JsonAccess.Same(selector,
                new JsonObject { ["matchLabels"] = new JsonObject { ["batch.kubernetes.io/controller-uid"] = o.Uid() } }))
            errors.Add(FieldError.Invalid("spec.selector", selector, "`selector` not auto-generated"));
        var labels = spec.Map("template", "metadata", "labels") ?? [];
        if (!LabelSelector.FromObject(selector).Matches(labels))
        {
            var sorted = new JsonObject(labels.OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
            errors.Add(FieldError.Invalid("spec.template.metadata.labels", sorted, "`selector` does not match template `labels`"));
        }
    }

    private static void Indexed(JsonObject spec, List<FieldError> errors)
    {
        var mode = spec.Text("completionMode");
        var indexed = mode == "Indexed";
        if (mode is not ("NonIndexed" or "Indexed"))
            errors.Add(FieldError.NotSupported("spec.completionMode", mode ?? "", "NonIndexed", "Indexed"));
        if (indexed && spec["completions"] is null)
            errors.Add(FieldError.Required("spec.completions", "when completion mode is Indexed"));
        if (indexed && spec.Number("parallelism") is > 100_000)
            errors.Add(FieldError.Invalid("spec.parallelism", spec["parallelism"], "must be less than or equal to 100000"));
        if (!indexed && spec["backoffLimitPerIndex"] is { } perIndex)
            errors.Add(FieldError.Invalid("spec.backoffLimitPerIndex", perIndex, "requires indexed completion mode"));
        if (spec["maxFailedIndexes"] is { } failed)
        {
            if (spec["backoffLimitPerIndex"] is null)
                errors.Add(FieldError.Required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified"));
            if (spec.Number("completions") is { } completions && failed.Number() > completions)
                errors.Add(FieldError.Invalid("spec.maxFailedIndexes", failed, "must be less than or equal to completions"));
        }

        string[] replacement = spec["podFailurePolicy"] is null ? ["Failed", "TerminatingOrFailed"] : ["Failed"];
        if (spec.Text("podReplacementPolicy") is { } policy && !replacement.Contains(policy))
            errors.Add(FieldError.NotSupported("spec.podReplacementPolicy", policy, replacement));
    }

    private static void FailurePolicy(JsonObject spec, List<FieldError> errors)
    {
        var rules = spec.Items("podFailurePolicy", "rules").ToList();
        if (rules.Count > 20)
            errors.Add(FieldError.TooMany("spec.podFailurePolicy.rules", rules.Count, 20));
        var containers = spec.Items("template", "spec", "containers").Concat(spec.Items("template", "spec", "initContainers"))
            .Select(c => c.Text("name")).ToHashSet();
        for (var i = 0; i < rules.Count; i++)
        {
            var path = $"spec.podFailurePolicy.rules[{i}]";
            var action = rules[i].Text("action") ?? "";
            if (action.Length == 0)
                errors.Add(FieldError.Required($"{path}.action", "valid values: \"Count\", \"FailIndex\", \"FailJob\", \"Ignore\""));
            else if (action == "FailIndex" && spec["backoffLimitPerIndex"] is null)
                errors.Add(FieldError.Invalid($"{path}.action", action, "requires the backoffLimitPerIndex to be set"));
            else if (action is not ("Count" or "FailIndex" or "FailJob" or "Ignore"))
                errors.Add(FieldError.NotSupported($"{path}.action", action, "Count", "FailIndex", "FailJob", "Ignore"));
            var codes = rules[i].Map("onExitCodes");
            var conditions = rules[i].Items("onPodConditions").ToList();
            if (codes is not null)
                ExitCodes(codes, $"{path}.onExitCodes", containers, errors);
            for (var j = 0; j < conditions.Count; j++)
            {
                if (conditions[j].Text("status") is { } status and not ("True" or "False" or "Unknown"))
                    errors.Add(FieldError.NotSupported($"{path}.onPodConditions[{j}].status", status, "False", "True", "Unknown"));
            }

            if (codes is not null == conditions.Count > 0)
                errors.Add(Plain(path, codes is null ? "specifying one of OnExitCodes and OnPodConditions is required"
                    : "specifying both OnExitCodes and OnPodConditions is not supported"));
        }
    }

    private static void ExitCodes(JsonObject codes, string path, HashSet<string?> containers, List<FieldError> errors)
    {
        var op = codes.Text("operator") ?? "";
        if (op.Length == 0)
            errors.Add(FieldError.Required($"{path}.operator", "valid values: \"In\", \"NotIn\""));
        else if (op is not ("In" or "NotIn"))
            errors.Add(FieldError.NotSupported($"{path}.operator", op, "In", "NotIn"));
        if (codes.Text("containerName") is { } name && !containers.Contains(name))
            errors.Add(FieldError.Invalid($"{path}.containerName", name,
                "must be one of the container or initContainer names in the pod template"));
        var values = (codes.ArrayAt("values") ?? []).Select(v => v.Number() ?? 0).ToList();
        if (values.Count == 0)
            errors.Add(FieldError.Invalid($"{path}.values", new JsonArray(), "at least one value is required"));
        else if (values.Count > 255)
            errors.Add(FieldError.TooMany($"{path}.values", values.Count, 255));
        for (var i = 0; i < values.Count; i++)
        {
            if (op == "In" && values[i] == 0)
                errors.Add(FieldError.Invalid($"{path}.values[{i}]", 0, "must not be 0 for the In operator"));
            if (values.IndexOf(values[i]) < i)
                errors.Add(FieldError.Duplicate($"{path}.values[{i}]", values[i]));
        }

        if (!values.SequenceEqual(values.Order()))
            errors.Add(FieldError.Invalid($"{path}.values", codes["values"], "must be ordered"));
    }

    private static void SuccessPolicy(JsonObject spec, List<FieldError> errors)
    {
        if (spec["successPolicy"] is not JsonObject policy)
            return;
        if (spec.Text("completionMode") != "Indexed")
        {
            errors.Add(FieldError.Invalid("spec.successPolicy", policy, "requires indexed completion mode"));
            return;
        }

        var rules = policy.Items("rules").ToList();
        if (rules.Count == 0)
            errors.Add(FieldError.Required("spec.successPolicy.rules",
                "at least one rules must be specified when the successPolicy is specified"));
        if (rules.Count > 20)
            errors.Add(FieldError.TooMany("spec.successPolicy.rules", rules.Count, 20));
        for (var i = 0; i < rules.Count; i++)
        {
            var path = $"spec.successPolicy.rules[{i}]";
            var (count, indexes) = (rules[i].Number("succeededCount"), rules[i].Text("succeededIndexes"));
            if (count is null && indexes is null)
                errors.Add(FieldError.Required(path, "at least one of succeededCount or succeededIndexes must be specified"));
            if (count is < 0)
                errors.Add(FieldError.Invalid($"{path}.succeededCount", count, "must be greater than or equal to 0"));
            if (count > spec.Number("completions"))
                errors.Add(FieldError.Invalid($"{path}.succeededCount", count,
                    $"must be less than or equal to {spec.Number("completions")} (the number of specified completions)"));
            if (indexes is null)
                continue;
            var total = Count(indexes, spec.Number("completions") ?? 0, out var problem);
            if (problem is not null)
                errors.Add(FieldError.Invalid($"{path}.succeededIndexes", indexes, $"error parsing succeededIndexes: {problem}"));
            else if (count > total)
                errors.Add(FieldError.Invalid($"{path}.succeededCount", count,
                    $"must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"));
        }
    }

    /// <summary>How many indexes a set such as <c>1,3-5,7</c> has, or what is wrong with it.</summary>
    private static long Count(string text, long completions, out string? problem)
    {
        problem = null;
        var (count, last) = (0L, -1L);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !long.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from)
                || !long.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to))
            {
                problem = $"cannot convert string to integer for index: \"{part}\"";
                return 0;
            }

            problem ??= from >= completions || to >= completions ? $"too large index: \"{Math.Max(from, to)}\""
                : from <= last || to < from ? $"non-increasing order, previous: {last}, current: {from}" : null;
            (count, last) = (count + to - from + 1, to);
        }

        return count;
    }

    private static FieldError Plain(string path, string text) => new("FieldValueInvalid", path, $"Invalid value: {text}");

    public static IEnumerable<FieldError> Update(JsonObject o, JsonObject old)
    {
        // The real server checks the spec twice on an update; only the origin of the selector is looked at once.
        var errors = Spec(o);
        errors.AddRange(errors.Where(e => !e.Detail.EndsWith("not auto-generated", StringComparison.Ordinal)).ToList());
        var spec = o.Map("spec") ?? [];
        var before = old.Map("spec") ?? [];
        void Same(string field)
        {
            if (!JsonAccess.Same(spec[field], before[field]))
                errors.Add(FieldError.Invalid($"spec.{field}", spec[field], Immutable));
        }

        // An Indexed job may be scaled by changing completions and parallelism together.
        var elastic = spec.Text("completionMode") == "Indexed" && spec["completions"] is not null && before["completions"] is not null;
        if (!elastic)
        {
            Same("completions");
        }
        else if (spec.Number("completions") != before.Number("completions") && spec.Number("completions") != spec.Number("parallelism"))
        {
            errors.Add(FieldError.Invalid("spec.completions", spec["completions"],
                $"can only be modified in tandem with spec.parallelism"));
        }

        Same("selector");
        if (!JsonAccess.Same(Template(spec, before, old), before["template"]))
        {
            // Before the start the directives for scheduling may change: what is compared is the rest of the pod.
            var started = !(before.BoolAt("suspend") && old.At("status", "startTime") is null);
            errors.Add(FieldError.Invalid(started ? "spec.template" : "spec.template.spec", spec["template"], Immutable));
        }

        Same("completionMode");
        Same("podFailurePolicy");
        Same("backoffLimitPerIndex");
        Same("managedBy");
        Same("successPolicy");
        return errors;
    }

    // A job that is suspended and has not started may have the scheduling directives of its template changed.
    private static JsonNode? Template(JsonObject spec, JsonObject before, JsonObject old)
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

    public static IEnumerable<FieldError> Status(JsonObject o, JsonObject old)
    {
        foreach (var field in new[] { "active", "ready", "succeeded", "failed", "terminating" })
        {
            if (o.Number("status", field) is < 0 and var value)
                yield return FieldError.Invalid($"status.{field}", value, "must be greater than or equal to 0");
        }

        if (o.Number("status", "ready") is { } ready && ready > (o.Number("status", "active") ?? 0))
            yield return FieldError.Invalid("status.ready", ready, "cannot set more ready pods than active");
        var complete = o.HasCondition("Complete");
        var failed = o.HasCondition("Failed");
        foreach (var (a, b) in new[] { ("Complete", "Failed"), ("Complete", "FailureTarget"), ("SuccessCriteriaMet", "FailureTarget"),
            ("SuccessCriteriaMet", "Failed") })
        {
            if (o.HasCondition(a) && o.HasCondition(b))
            {
                yield return Plain("status.conditions", $"cannot set {a}=True and {b}=true conditions");
                break;
            }
        }

        if (complete && !o.HasCondition("SuccessCriteriaMet"))
            yield return Plain("status.conditions", "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        if (failed && !o.HasCondition("FailureTarget"))
            yield return Plain("status.conditions", "cannot set Failed=True condition without the FailureTarget=true condition");
        if ((complete || failed) && o.Number("status", "active") is > 0)
            yield return FieldError.Invalid("status.active", o.At("status", "active"), "active>0 is invalid for finished job");
        if (o.At("status", "completionTime") is { } completion && !complete)
            yield return FieldError.Invalid("status.completionTime", completion,
                "cannot set completionTime when there is no Complete=True condition");
        if (complete && o.At("status", "completionTime") is null)
            yield return FieldError.Required("status.completionTime", "completionTime is required for Complete jobs");
        foreach (var type in new[] { "Complete", "Failed", "SuccessCriteriaMet", "FailureTarget" })
        {
            if (old.HasCondition(type) && !o.HasCondition(type))
                yield return Plain("status.conditions",
                    $"cannot disable the {(type is "Complete" or "Failed" ? "terminal " : "")}{type}=True condition");
        }

        if (old.At("status", "startTime") is { } start && !o.BoolAt("spec", "suspend")
            && !JsonAccess.Same(o.At("status", "startTime"), start))
        {
            yield return o.At("status", "startTime") is null
                ? FieldError.Required("status.startTime", "startTime cannot be removed for unsuspended job")
                : FieldError.Required("status.startTime", "startTime cannot be modified for unsuspended job");
        }
    }
}
