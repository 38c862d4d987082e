using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class JobStrategy : ResourceStrategy
{
    public const string OrphanWarning = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

    public override bool HasGeneration => true;

    public override bool OrphanByDefault => true;

    public override IReadOnlyList<string> SelectableFields { get; } = ["status.successful"];

    public override IReadOnlyList<Column> Columns => JobTable.Columns;

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) => JobTable.Cells(o, now);

    public override string? Field(JsonObject o, string label)
        => label == "status.successful" ? (o.LongAt("status", "succeeded") ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture) : base.Field(o, label);

    public override void SetDefaults(JsonObject o)
    {
        var spec = o.Ensure("spec");
        if (spec["completions"] is null && spec["parallelism"] is null)
        {
            spec["completions"] = 1;
            spec["parallelism"] = 1;
        }

        spec.Default("parallelism", 1);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("manualSelector", false);
        spec.Default("backoffLimit", spec["backoffLimitPerIndex"] is null ? 6 : int.MaxValue);
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        foreach (var rule in spec.ArrayAt("podFailurePolicy", "rules")?.OfType<JsonObject>() ?? [])
        {
            foreach (var condition in rule.ArrayAt("onPodConditions")?.OfType<JsonObject>() ?? [])
                condition.Default("status", "True");
        }

        var template = spec.Ensure("template");
        PodDefaults.Apply(template.Ensure("spec"), isPod: false);
        o.Default("status", new JsonObject());
        if (o.ObjectAt("metadata", "labels") is null && template.ObjectAt("metadata", "labels") is { Count: > 0 } labels)
            o.Metadata()["labels"] = labels.DeepClone();
    }

    public override void PrepareCreate(JsonObject o)
    {
        o["status"] = new JsonObject();
        var spec = o.Ensure("spec");
        if (spec.BoolAt("manualSelector"))
            return;
        var template = spec.Ensure("template").Metadata().Ensure("labels");
        foreach (var prefix in new[] { "", "batch.kubernetes.io/" })
        {
            template[prefix + "controller-uid"] = o.Uid();
            // Another name that the author has given is refused.
            template.Default(prefix + "job-name", o.Name());
        }

        spec.Ensure("selector").Ensure("matchLabels")["batch.kubernetes.io/controller-uid"] = o.Uid();
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Subdomain(name, field);

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => JobValidation.Create(o);

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => JobValidation.Update(o, old);

    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonObject o, JsonObject old) => JobValidation.Status(o, old);
}
