namespace LightReasoner.DevCluster.Resources;

/// <summary>Deployments and ReplicaSets of apps/v1.</summary>
internal sealed class DeploymentStrategy(string columns) : ResourceStrategy
{
    public override bool HasGeneration => true;

    public override IReadOnlyList<Column> Columns { get; } = Column.Parse(columns);

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        long Of(string part, string field) => o.Number(part, field) ?? 0;
        var containers = o.Items("spec", "template", "spec", "containers").ToList();
        JsonNode?[] counts = o.Kind() == "Deployment"
            ? [$"{Of("status", "readyReplicas")}/{Of("spec", "replicas")}", Of("status", "updatedReplicas"),
                Of("status", "availableReplicas")]
            : [Of("spec", "replicas"), Of("status", "replicas"), Of("status", "readyReplicas")];
        return
        [
            o.Name(), .. counts, TableText.Age(o, now), string.Join(",", containers.Select(c => c.Text("name"))),
                string.Join(",", containers.Select(c => c.Text("image"))),
            LabelSelector.FromObject(o.Map("spec", "selector")).ToString(),
        ];
    }

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        spec.Default("replicas", 1);
        o.Default("status", new JsonObject());
        PodDefaults.Apply(spec.Ensure("template").Ensure("spec"), isPod: false);
        if (o.Kind() != "Deployment")
            return;
        spec.Default("revisionHistoryLimit", 10);
        spec.Default("progressDeadlineSeconds", 600);
        var strategy = spec.Ensure("strategy");
        strategy.Default("type", "RollingUpdate");
        if (strategy.Text("type") != "RollingUpdate")
            return;
        strategy.Ensure("rollingUpdate").Default("maxUnavailable", "25%");
        strategy.Ensure("rollingUpdate").Default("maxSurge", "25%");
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.Map("spec", "selector") is not { } selector)
            yield return FieldError.Required("spec.selector");
        else if (!LabelSelector.FromObject(selector).Matches(o.Map("spec", "template", "metadata", "labels")))
            yield return FieldError.Invalid("spec.template.metadata.labels", o.At("spec", "template", "metadata", "labels"),
                "`selector` does not match template `labels`");
        foreach (var error in PodValidation.Spec(o.Map("spec", "template", "spec") ?? [], "spec.template.spec"))
            yield return error;
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old)
        => JsonAccess.Same(o.At("spec", "selector"), old.At("spec", "selector")) ? ValidateCreate(o)
            : [FieldError.Invalid("spec.selector", o.At("spec", "selector"), "field is immutable")];
}
