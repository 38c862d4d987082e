using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The defaults of a pod spec: in Pods and in the templates of Jobs.</summary>
internal static class PodDefaults
{
    public static void Apply(JsonObject spec, bool isPod)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        if (isPod)
            spec.Default("enableServiceLinks", true);
        if (spec.StringAt("serviceAccountName") is { Length: > 0 } account)
            spec["serviceAccount"] = account;
        else if (spec.StringAt("serviceAccount") is { Length: > 0 } old)
            spec["serviceAccountName"] = old;
        foreach (var list in new[] { "initContainers", "containers" })
        {
            foreach (var container in spec.ArrayAt(list)?.OfType<JsonObject>() ?? [])
                Container(container);
        }

        foreach (var volume in spec.ArrayAt("volumes")?.OfType<JsonObject>() ?? [])
            Volume(volume);
    }

    private static void Container(JsonObject c)
    {
        c.Default("resources", new JsonObject());
        if (c.ObjectAt("resources", "limits") is { } limits)
        {
            var requests = c["resources"]!.AsObject().Ensure("requests");
            foreach (var (name, quantity) in limits)
                requests.Default(name, quantity?.DeepClone());
        }

        foreach (var list in new[] { c.ObjectAt("resources", "limits"), c.ObjectAt("resources", "requests") })
        {
            foreach (var (name, quantity) in list?.ToList() ?? [])
                list![name] = Quantity.Canonical(quantity);
        }

        c.Default("terminationMessagePath", "/dev/termination-log");
        c.Default("terminationMessagePolicy", "File");
        var image = c.StringAt("image") ?? "";
        c.Default("imagePullPolicy", image.EndsWith(":latest", StringComparison.Ordinal) || !image.Split('/')[^1].Contains(':') && !image.Contains('@') ? "Always" : "IfNotPresent");
        foreach (var port in c.ArrayAt("ports")?.OfType<JsonObject>() ?? [])
            port.Default("protocol", "TCP");
        foreach (var variable in c.ArrayAt("env")?.OfType<JsonObject>() ?? [])
        {
            if (variable.ObjectAt("valueFrom", "fieldRef") is { } field)
                field.Default("apiVersion", "v1");
        }

        foreach (var probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (c[probe] is not JsonObject p)
                continue;
            p.Default("timeoutSeconds", 1);
            p.Default("periodSeconds", 10);
            p.Default("successThreshold", 1);
            p.Default("failureThreshold", 3);
            if (p.ObjectAt("httpGet") is { } get)
            {
                get.Default("path", "/");
                get.Default("scheme", "HTTP");
            }
        }
    }

    private static void Volume(JsonObject volume)
    {
        foreach (var kind in new[] { "secret", "configMap", "downwardAPI", "projected" })
        {
            if (volume[kind] is not JsonObject source)
                continue;
            source.Default("defaultMode", 420);
            var items = kind == "projected" ? source.ArrayAt("sources") : null;
            foreach (var token in items?.Select(i => i.ObjectAt("serviceAccountToken")).OfType<JsonObject>() ?? [])
                token.Default("expirationSeconds", 3600);
            foreach (var api in items?.Select(i => i.ObjectAt("downwardAPI")).OfType<JsonObject>().Append(source) ?? [source])
            {
                foreach (var field in api.ArrayAt("items")?.Select(i => i.ObjectAt("fieldRef")).OfType<JsonObject>() ?? [])
                    field.Default("apiVersion", "v1");
            }
        }

        // A volume that names no source is an emptyDir.
        if (volume.Count == 1 && volume.ContainsKey("name"))
            volume["emptyDir"] = new JsonObject();
        if (volume.ObjectAt("hostPath") is { } path)
            path.Default("type", "");
    }
}
