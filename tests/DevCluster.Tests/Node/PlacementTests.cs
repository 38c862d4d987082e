using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class PlacementTests
{
    private static readonly Dictionary<string, decimal> Free = new() { ["cpu"] = 2, ["memory"] = 1 << 30, ["pods"] = 1 };
    private static readonly Dictionary<string, string> Labels = new() { ["zone"] = "a" };

    [Theory]
    [InlineData("""{"containers": [{}]}""", null)]
    [InlineData("""{"containers": [{"resources": {"requests": {"cpu": "2"}}}]}""", null)]
    [InlineData("""{"containers": [{"resources": {"requests": {"cpu": "1"}}}, {"resources": {"requests": {"cpu": 1.5}}}]}""",
        "1 Insufficient cpu")]
    [InlineData("""{"containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}]}""", "1 Insufficient nvidia.com/gpu")]
    [InlineData("""{"containers": [{"resources": {"requests": {"cpu": "3", "memory": "2Gi"}}}]}""",
        "1 Insufficient cpu, 1 Insufficient memory")]
    [InlineData("""{"initContainers": [{"resources": {"requests": {"cpu": "3"}}}], "containers": [{}]}""", "1 Insufficient cpu")]
    [InlineData("""{"nodeSelector": {"zone": "b"}, "containers": [{}]}""", "1 node(s) didn't match Pod's node affinity/selector")]
    [InlineData("""{"nodeSelector": {"zone": "a"}, "containers": [{}]}""", null)]
    public void Misfit_PodOnTheNode_ReasonInTheSchedulersWords(string spec, string? expected) =>
        Assert.Equal(expected, Placement.Misfit(new JsonObject { ["spec"] = JsonNode.Parse(spec) }, Labels, Free));

    [Fact]
    public void Misfit_NoRoom_SaysSo()
    {
        var pod = new JsonObject { ["spec"] = JsonNode.Parse("""{"containers": [{}]}""") };
        Assert.Equal("1 Too many pods", Placement.Misfit(pod, Labels, new Dictionary<string, decimal>()));
    }
}
