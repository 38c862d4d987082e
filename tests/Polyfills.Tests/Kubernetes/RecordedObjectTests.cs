using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public class RecordedObjectTests
{
    [Theory]
    [InlineData("batch/v1", "Job", typeof(V1Job))]
    [InlineData("v1", "Pod", typeof(V1Pod))]
    [InlineData("v1", "ConfigMap", typeof(V1ConfigMap))]
    [InlineData("v1", "Secret", typeof(V1Secret))]
    [InlineData("v1", "ServiceAccount", typeof(V1ServiceAccount))]
    [InlineData("v1", "Namespace", typeof(V1Namespace))]
    [InlineData("v1", "Event", typeof(Corev1Event))]
    [InlineData("v1", "PodList", typeof(V1PodList))]
    [InlineData("v1", "Status", typeof(V1Status))]
    [InlineData("coordination.k8s.io/v1", "Lease", typeof(V1Lease))]
    [InlineData("events.k8s.io/v1", "Event", typeof(Eventsv1Event))]
    [InlineData("authentication.k8s.io/v1", "TokenReview", typeof(V1TokenReview))]
    [InlineData("authentication.k8s.io/v1", "TokenRequest", typeof(Authenticationv1TokenRequest))]
    [InlineData("authorization.k8s.io/v1", "SelfSubjectAccessReview", typeof(V1SelfSubjectAccessReview))]
    [InlineData("apiextensions.k8s.io/v1", "CustomResourceDefinition", typeof(V1CustomResourceDefinition))]
    public void RecordedObject_ReadAndWritten_IsTheSame(string apiVersion, string kind, Type type)
    {
        var count = 0;
        foreach (var (where, body) in Recordings.Objects(apiVersion, kind))
        {
            var read = JsonSerializer.Deserialize(body.ToJsonString(), type, KubernetesJson.Options);
            var written = JsonNode.Parse(KubernetesJson.Serialize(read));
            var differences = Differences(body, written, "$").ToList();
            Assert.True(differences.Count == 0, $"{where} {kind}: {string.Join("; ", differences)}");
            count++;
        }

        Assert.True(count > 0, $"no {kind} in the recordings");
    }

    private static IEnumerable<string> Differences(JsonNode? expected, JsonNode? actual, string path)
    {
        switch (expected)
        {
            case null:
                return actual is null ? [] : [$"{path}: null became {actual.ToJsonString()}"];
            case JsonObject o when actual is JsonObject a:
                return o.SelectMany(p => Differences(p.Value, a[p.Key], $"{path}.{p.Key}"))
                    .Concat(a.Where(p => !o.ContainsKey(p.Key)).Select(p => $"{path}.{p.Key}: appeared"));
            case JsonArray list when actual is JsonArray a && a.Count == list.Count:
                return list.SelectMany((item, i) => Differences(item, a[i], $"{path}[{i}]"));
            default:
                return actual is not null && JsonNode.DeepEquals(expected, actual) ? [] : [$"{path}: {expected.ToJsonString()} became {actual?.ToJsonString() ?? "nothing"}"];
        }
    }
}
