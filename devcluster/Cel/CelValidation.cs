using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Schema;

namespace LightReasoner.DevCluster.Cel;

internal static class CelValidation
{
    public static IEnumerable<FieldError> Check(TypeSchema schema, JsonObject o, JsonObject? old) => [];
}
