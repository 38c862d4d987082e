using System.Globalization;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Tables;

namespace LightReasoner.DevCluster.Resources;

internal sealed class LeaseStrategy : ResourceStrategy
{
    public override bool CreateOnUpdate => true;

    public override bool UnconditionalUpdate => false;

    public override IReadOnlyList<Column> Columns { get; } =
    [
        Column.NameColumn,
        new("Holder", Description: "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field."),
        Column.Age,
    ];

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
        => [o.Name(), o.StringAt("spec", "holderIdentity") ?? "", TableText.Age(o, now)];

    public override void SetDefaults(JsonObject o)
    {
        foreach (var field in new[] { "acquireTime", "renewTime" })
        {
            if (o.StringAt("spec", field) is { } time && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out var t))
                o["spec"]![field] = t.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        }
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o)
    {
        if (o.LongAt("spec", "leaseDurationSeconds") is <= 0)
            yield return FieldError.Invalid("spec.leaseDurationSeconds", o.At("spec", "leaseDurationSeconds"), "must be greater than 0");
        if (o.LongAt("spec", "leaseTransitions") is < 0)
            yield return FieldError.Invalid("spec.leaseTransitions", o.At("spec", "leaseTransitions"), "must be greater than or equal to 0");
    }

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => ValidateCreate(o);
}
