using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests;

/// <summary>Pods that a real API server refuses, by the field that it names.</summary>
public sealed class PodFieldTests : AdministratorTests
{
    private const string Pods = "/api/v1/namespaces/default/pods";

    [Theory]
    [InlineData("""{"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/"}}]}""", "spec.volumes[0].hostPath", "FieldValueForbidden")]
    [InlineData("""{"nodeSelector":{"a b":"c"}}""", "spec.nodeSelector", "FieldValueInvalid")]
    [InlineData("""{"tolerations":[{"key":"k","operator":"Exists","value":"x"}]}""", "spec.tolerations[0].operator", "FieldValueInvalid")]
    [InlineData("""{"tolerations":[{"key":"k","operator":"Near"}]}""", "spec.tolerations[0].operator", "FieldValueNotSupported")]
    [InlineData("""{"tolerations":[{"key":"k","effect":"NoSchedule","tolerationSeconds":5}]}""", "spec.tolerations[0].effect", "FieldValueInvalid")]
    [InlineData("""{"securityContext":{"runAsUser":-1}}""", "spec.securityContext.runAsUser", "FieldValueInvalid")]
    [InlineData("""{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[]}}}}""",
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms", "FieldValueRequired")]
    public async Task Pod_ThatContradictsItself_IsRefused(string spec, string field, string reason) => await RefusedAsync(Pod(JsonNode.Parse(spec)!.AsObject(), []), field, reason);

    [Theory]
    [InlineData("""{"resources":{"limits":{"cpu":"-1"}}}""", "resources.limits[cpu]", "FieldValueInvalid")]
    [InlineData("""{"resources":{"requests":{"example.com/device":"1"}}}""", "resources.limits", "FieldValueRequired")]
    [InlineData("""{"livenessProbe":{}}""", "livenessProbe", "FieldValueRequired")]
    [InlineData("""{"env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"metadata.colour"}}}]}""", "env[0].valueFrom.fieldRef.fieldPath", "FieldValueInvalid")]
    public async Task Container_ThatContradictsItself_IsRefused(string container, string field, string reason)
        => await RefusedAsync(Pod([], JsonNode.Parse(container)!.AsObject()), $"spec.containers[0].{field}", reason);

    [Fact]
    public async Task PodWithSchedulingGates_IsNotBound()
    {
        Assert.Equal(201, (await PostAsync(Pods, Pod(new JsonObject { ["schedulingGates"] = new JsonArray(new JsonObject { ["name"] = "checks.dev/wait" }) }, []))).Status);
        var bound = await SendAsync("POST", $"{Pods}/x/binding", """{"metadata":{"name":"x"},"target":{"kind":"Node","name":"n"}}""");
        Assert.Equal((409, "Conflict"), (bound.Status, (string)bound.Body["reason"]!));
    }

    private static JsonObject Pod(JsonObject spec, JsonObject container)
    {
        container["name"] = "main";
        container["image"] = "i:1";
        spec["containers"] = new JsonArray(container);
        return new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" }, ["spec"] = spec };
    }

    private async Task RefusedAsync(JsonObject pod, string field, string reason)
    {
        var (status, body) = await PostAsync(Pods + "?dryRun=All", pod);
        Assert.Equal(422, status);
        Assert.Contains(body["details"]!["causes"]!.AsArray(), c => ((string)c!["field"]!, (string)c["reason"]!) == (field, reason));
    }
}
