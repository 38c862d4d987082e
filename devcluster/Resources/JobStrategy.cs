namespace LightReasoner.DevCluster.Resources;

internal sealed class JobStrategy : ResourceStrategy
{
    public const string OrphanWarning =
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set "
        + "propagationPolicy=Orphan to suppress this warning";

    public override bool HasGeneration => true;

    public override bool OrphanByDefault => true;

    public override IReadOnlyList<Column> Columns { get; } =
        Column.Parse("Name|Status|Completions|Duration|Age|Containers*|Images*|Selector*");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var succeeded = o.Number("status", "succeeded") ?? 0;
        var completions = o.Number("spec", "completions") is { } wanted ? $"{succeeded}/{wanted}"
            : o.Number("spec", "parallelism") is { } parallel and > 1 ? $"{succeeded}/1 of {parallel}" : $"{succeeded}/1";
        var status = new[] { "Complete", "Failed" }.FirstOrDefault(c => o.HasCondition(c))
            ?? (o.IsDeleting() ? "Terminating" : new[] { "Suspended", "FailureTarget", "SuccessCriteriaMet" }.FirstOrDefault(c =>
                o.HasCondition(c)) ?? "Running");
        var containers = o.Items("spec", "template", "spec", "containers").ToList();
        return
        [
            o.Name(), status, completions, Duration(o, now), TableText.Age(o, now),
                string.Join(",", containers.Select(c => c.Text("name"))),
            string.Join(",", containers.Select(c => c.Text("image"))), LabelSelector.FromObject(o.Map("spec", "selector")).ToString(),
        ];
    }

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        if (spec["completions"] is null && spec["parallelism"] is null)
            spec["completions"] = 1;
        spec.Default("parallelism", 1);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("manualSelector", false);
        spec.Default("backoffLimit", spec["backoffLimitPerIndex"] is null ? 6 : int.MaxValue);
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        foreach (var condition in spec.Items("podFailurePolicy", "rules").SelectMany(rule => rule.Items("onPodConditions")))
            condition.Default("status", "True");
        var template = spec.Ensure("template");
        PodDefaults.Apply(template.Ensure("spec"), isPod: false);
        o.Default("status", new JsonObject());
        if (o.Map("metadata", "labels") is null && template.Map("metadata", "labels") is { Count: > 0 } labels)
            o.Metadata()["labels"] = labels.DeepClone();
    }

    public override void PrepareCreate(JsonObject o)
    {
        o["status"] = new JsonObject();
        var spec = o.Ensure("spec");
        if (spec.BoolAt("manualSelector"))
            return;
        var labels = spec.Ensure("template").Metadata().Ensure("labels");
        foreach (var prefix in new[] { "", "batch.kubernetes.io/" })
        {
            labels[prefix + "controller-uid"] = o.Uid();
            // Another name that the author has given is refused.
            labels.Default(prefix + "job-name", o.Name());
        }

        spec.Ensure("selector").Ensure("matchLabels")["batch.kubernetes.io/controller-uid"] = o.Uid();
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => JobValidation.Create(o);

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => JobValidation.Update(o, old);

    private static string Duration(JsonObject o, DateTimeOffset now)
    {
        static DateTimeOffset? Time(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var t) ? t : null;
        if (Time(o.Text("status", "startTime")) is not { } start)
            return "";
        var failed = o.HasCondition("Failed") ? Time(o.Condition("Failed").Text("lastTransitionTime")) : null;
        return TableText.Duration((Time(o.Text("status", "completionTime")) ?? failed ?? now) - start);
    }
}
