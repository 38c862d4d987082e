using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class NamespaceStrategy : ResourceStrategy
{
    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<string> SelectableFields { get; } = ["status.phase"];

    public override IReadOnlyList<Column> Columns { get; } =
        [Column.NameColumn, new("Status", Description: "The status of the namespace"), Column.Age];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), o.StringAt("status", "phase"), TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o) => o.Metadata().Ensure("labels")["kubernetes.io/metadata.name"] = o.Name();

    public override void PrepareCreate(JsonObject o)
    {
        o["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        o["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old) => o.SetOrRemove("spec", old["spec"]?.DeepClone());

    public override string? KeepsBecause(string name) => name is "default" or "kube-system" or "kube-public" ? "this namespace may not be deleted" : null;

    public override bool PrepareDelete(JsonObject o, string now)
    {
        o.Metadata().Remove("deletionGracePeriodSeconds");
        o.Ensure("status")["phase"] = "Terminating";
        return true;
    }

    public override IEnumerable<FieldError> ValidateName(string name, string field) => Names.Label(name, field);
}
