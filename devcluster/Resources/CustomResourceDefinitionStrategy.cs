namespace LightReasoner.DevCluster.Resources;

internal sealed class CustomResourceDefinitionStrategy : ResourceStrategy
{
    /// <summary>Holds a deleted definition until its instances are gone.</summary>
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override bool HasGeneration => true;

    public override bool DeleteReturnsObject => true;

    public override bool UnconditionalUpdate => false;

    public override IReadOnlyList<Column> Columns { get; } = [.. Column.Parse("Name"), new("Created At", "date")];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now) => [o.Name(), o.Text("metadata", "creationTimestamp")];

    public override void SetDefaults(JsonObject o)
    {
        var names = o.Ensure("spec").Ensure("names");
        if (names.Text("kind") is { Length: > 0 } kind)
        {
            names.Default("listKind", kind + "List");
            names.Default("singular", kind.ToLowerInvariant());
        }

        o.Ensure("spec").Default("conversion", new JsonObject { ["strategy"] = "None" });
    }

    public override void PrepareCreate(JsonObject o)
        => o.Ensure("status")["storedVersions"] = o.Items("spec", "versions").Select(v => v.Text("name") ?? "").ToJsonArray();

    public override bool PrepareDelete(JsonObject o, string now)
    {
        o.Metadata().Remove("deletionGracePeriodSeconds");
        o.Metadata()["finalizers"] = JsonAccess.Strings(o.Strings("metadata", "finalizers").Append(CleanupFinalizer).Distinct());
        o.SetCondition(now, "Terminating", true, "InstanceDeletionPending",
            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon");
        return true;
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => CustomResourceDefinitionValidation.Check(o, null);

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) =>
        CustomResourceDefinitionValidation.Check(o, old);
}
