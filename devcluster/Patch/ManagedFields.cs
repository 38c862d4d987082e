using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Resources;

namespace LightReasoner.DevCluster.Patch;

internal static class ManagedFields
{
    public static void Track(JsonObject o, JsonObject? old, ResourceType type, string manager, string subresource, string now)
    {
    }

    public static bool SameBut(JsonObject o, JsonObject old) => JsonAccess.Same(o, old);
}
