using k8s;
using k8s.Models;

namespace LightReasoner.Polyfills.Tests.Kubernetes;

public class KubernetesJsonTests
{
    [Fact]
    public void MicroTime_IsWrittenWithSixDigits()
    {
        var lease = new V1Lease { Spec = new V1LeaseSpec { RenewTime = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), AcquireTime = new DateTime(2026, 1, 2, 3, 4, 5, 60, 7, DateTimeKind.Utc) } };
        var json = KubernetesJson.Serialize(lease);
        Assert.Contains("\"renewTime\":\"2026-01-02T03:04:05.000000Z\"", json);
        Assert.Contains("\"acquireTime\":\"2026-01-02T03:04:05.060007Z\"", json);
    }

    [Fact]
    public void Time_IsWrittenInWholeSeconds() => Assert.Equal(
        """{"creationTimestamp":"2026-01-02T03:04:05Z"}""",
        KubernetesJson.Serialize(new V1ObjectMeta { CreationTimestamp = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Unspecified) }));

    [Theory]
    [InlineData("2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02T03:04:05.000000Z")]
    [InlineData("2026-01-02T05:04:05+02:00")]
    public void Time_IsReadAsUtc(string text)
    {
        var read = KubernetesJson.Deserialize<V1ObjectMeta>($$"""{"creationTimestamp":"{{text}}"}""").CreationTimestamp!.Value;
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), read);
        Assert.Equal(DateTimeKind.Utc, read.Kind);
    }

    [Fact]
    public void UnknownFields_AreLeftOut() => Assert.Equal(
        """{"metadata":{"name":"x"}}""",
        KubernetesJson.Serialize(KubernetesJson.Deserialize<V1Pod>("""{"metadata":{"name":"x","fromTheFuture":{"a":[1]}},"alsoNew":3}""")));

    [Theory]
    [InlineData("8080", "8080")]
    [InlineData("\"http\"", "\"http\"")]
    [InlineData("\"25%\"", "\"25%\"")]
    public void IntOrString_KeepsItsForm(string json, string written)
    {
        var port = KubernetesJson.Deserialize<V1HTTPGetAction>($$"""{"port":{{json}}}""");
        Assert.Equal($$"""{"port":{{written}}}""", KubernetesJson.Serialize(port));
    }

    [Fact]
    public void IntOrString_ComesFromBoth()
    {
        Assert.Equal("""{"port":80}""", KubernetesJson.Serialize(new V1HTTPGetAction { Port = 80 }));
        Assert.Equal("""{"port":"web"}""", KubernetesJson.Serialize(new V1HTTPGetAction { Port = "web" }));
        Assert.Equal("""{}""", KubernetesJson.Serialize(new V1ServiceAccountTokenProjection { }).Replace("\"path\":null", ""));
    }

    [Fact]
    public void Status_ThatIsAnObject_IsKept()
    {
        var status = KubernetesJson.Deserialize<V1Status>("""{"kind":"Job","apiVersion":"batch/v1","metadata":{"name":"j"},"status":{"active":1}}""");
        Assert.True(status.HasObject);
        Assert.Equal(1, status.ObjectView<V1Job>().Status.Active);
        var plain = KubernetesJson.Deserialize<V1Status>("""{"kind":"Status","status":"Failure","code":404,"details":{"name":"x"}}""");
        Assert.False(plain.HasObject);
        Assert.Equal(404, plain.Code);
    }

    [Fact]
    public void Patch_IsItsContent()
    {
        Assert.Equal("""{"a":1}""", KubernetesJson.Serialize(new V1Patch("""{"a":1}""", V1Patch.PatchType.MergePatch)));
        Assert.Equal("""{"spec":{"suspend":true}}""", KubernetesJson.Serialize(new V1Patch(new V1Job { Spec = new V1JobSpec { Suspend = true } }, V1Patch.PatchType.MergePatch)));
        Assert.Throws<ArgumentException>(() => new V1Patch("{}", V1Patch.PatchType.Unknown));
    }

    [Fact]
    public void Initialize_SetsKindAndVersion()
    {
        var job = new V1Job().Initialize();
        Assert.Equal(("batch/v1", "Job"), (job.ApiVersion, job.Kind));
        Assert.Equal(("v1", "ConfigMap"), (new V1ConfigMap().Initialize().ApiVersion, new V1ConfigMap().Initialize().Kind));
    }
}
