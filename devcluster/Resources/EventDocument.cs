namespace LightReasoner.DevCluster.Resources;

/// <summary>Events as the parts of the cluster write them.</summary>
internal static class EventDocument
{
    /// <summary>The same news of the same object has the same name.</summary>
    public static string Name(JsonObject about, string reason, string message) =>
        $"{about.Name()}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{about.Uid()}\n{reason}\n{message}")))[..16]}";

    public static JsonObject Make(JsonObject about, string type, string reason, string message, string component, string? host, string now)
    {
        var involved = new JsonObject
        {
            ["apiVersion"] = about.ApiVersion(),
            ["kind"] = about.Kind(),
            ["name"] = about.Name(),
            ["uid"] = about.Uid(),
        };
        if (about.Namespace() is { Length: > 0 } ns) involved["namespace"] = ns;
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["name"] = Name(about, reason, message) },
            ["involvedObject"] = involved,
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = host is null ? new JsonObject { ["component"] = component }
                : new JsonObject { ["component"] = component, ["host"] = host },
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["type"] = type,
            ["reportingComponent"] = component,
            ["reportingInstance"] = host ?? "",
        };
    }
}
