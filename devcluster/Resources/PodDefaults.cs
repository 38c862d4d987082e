using k8s.Models;

namespace LightReasoner.DevCluster.Resources;

/// <summary>The defaults of a pod spec: in Pods and in templates.</summary>
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
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
            spec["serviceAccount"] = account;
        foreach (var container in spec.Items("initContainers").Concat(spec.Items("containers")))
            Container(container);
        foreach (var volume in spec.Items("volumes"))
            Volume(volume);
    }

    private static void Container(JsonObject c)
    {
        var resources = c.Ensure("resources");
        foreach (var (name, quantity) in resources.Map("limits") ?? [])
            resources.Ensure("requests").Default(name, quantity?.DeepClone());
        foreach (var list in new[] { resources.Map("limits"), resources.Map("requests") })
        {
            foreach (var (name, quantity) in list?.ToList() ?? [])
                list![name] = new ResourceQuantity(quantity.Text() ?? quantity.ToText()).CanonicalizeString();
        }

        c.Default("terminationMessagePath", "/dev/termination-log");
        c.Default("terminationMessagePolicy", "File");
        var image = c.Text("image") ?? "";
        var tagged = image.Contains('@') || image.Split('/')[^1].Contains(':');
        c.Default("imagePullPolicy", image.EndsWith(":latest", StringComparison.Ordinal) || !tagged ? "Always" : "IfNotPresent");
        foreach (var port in c.Items("ports"))
            port.Default("protocol", "TCP");
        foreach (var variable in c.Items("env"))
            variable.Map("valueFrom", "fieldRef")?.Default("apiVersion", "v1");
        foreach (var probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" }.Select(p => c.Map(p)).OfType<JsonObject>())
        {
            probe.Default("timeoutSeconds", 1);
            probe.Default("periodSeconds", 10);
            probe.Default("successThreshold", 1);
            probe.Default("failureThreshold", 3);
            probe.Map("httpGet")?.Default("path", "/");
            probe.Map("httpGet")?.Default("scheme", "HTTP");
        }
    }

    private static void Volume(JsonObject volume)
    {
        foreach (var source in new[] { "secret", "configMap", "downwardAPI", "projected" }.Select(kind =>
            volume.Map(kind)).OfType<JsonObject>())
        {
            source.Default("defaultMode", 420);
            foreach (var token in source.Items("sources").Select(i => i.Map("serviceAccountToken")))
                token?.Default("expirationSeconds", 3600);
            foreach (var item in source.Items("sources").Select(i => i.Map("downwardAPI")).Append(source)
                .SelectMany(api => api.Items("items")))
                item.Map("fieldRef")?.Default("apiVersion", "v1");
        }

        // A volume that names no source is an emptyDir.
        if (volume.Count == 1 && volume.ContainsKey("name"))
            volume["emptyDir"] = new JsonObject();
        volume.Map("hostPath")?.Default("type", "");
    }
}
