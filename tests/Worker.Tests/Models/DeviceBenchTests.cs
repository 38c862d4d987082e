using System.CommandLine;
using System.Text.Json.Nodes;
using LightReasoner.Bench;

namespace LightReasoner.Worker.Tests.Models;

/// <summary><c>make bench-gpu</c>, tried out without a GPU.</summary>
public class DeviceBenchTests
{
    [Fact]
    public void Gpu_TinyShapeOnTheCpu_PrintsEveryMeasurement()
    {
        using var output = new StringWriter();
        var code = DeviceBench.Create().Parse(["--cpu", "--shapes", "tiny"]).Invoke(new InvocationConfiguration { Output = output });

        Assert.Equal(0, code);
        JsonNode[] lines = [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(
            ["generation, batch 1", "generation, batch 64", "generation, batch 256", "scoring", "sampling, 4 questions", "LoRA training",
                "full training (refinement)"],
            lines.Select(line => (string)line["what"]!));
        Assert.All(lines, line => Assert.True((double)line["tokensPerSecond"]! > 0, line.ToJsonString()));
    }
}
