using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class TextTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["A"] = "1", ["B"] = "x y" };

    [Theory]
    [InlineData("$(A)", "1")]
    [InlineData("--shard=$(A)/$(B)", "--shard=1/x y")]
    [InlineData("$(NONE)", "$(NONE)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$$$(A)", "$1")]
    [InlineData("$", "$")]
    [InlineData("$A $( A", "$A $( A")]
    public void Expand_AnyText_AsKubernetesDoes(string text, string expected) => Assert.Equal(expected, Expansion.Expand(text, Variables));

    [Theory]
    [InlineData("/data", "/real/d")]
    [InlineData("/data/x.json", "/real/d/x.json")]
    [InlineData("file:///data/x", "file:///real/d/x")]
    [InlineData("--out=/data", "--out=/real/d")]
    [InlineData("KIND/NAME=file:///data", "KIND/NAME=file:///real/d")]
    [InlineData("/data:/data/deep:/y", "/real/d:/real/deep:/y")]
    [InlineData("/database", "/database")]
    [InlineData("/my/data", "/my/data")]
    [InlineData("az://data/x", "az://data/x")]
    [InlineData("/dev/termination-log", "/real/t")]
    [InlineData("nothing", "nothing")]
    public void Rewrite_AnyText_WholePathsOnly(string text, string expected) =>
        Assert.Equal(expected, new PathMap(new Dictionary<string, string>
        {
            ["/data"] = "/real/d",
            ["/data/deep/"] = "/real/deep",
            ["/dev/termination-log"] = "/real/t",
        }).Rewrite(text));

    [Theory]
    [InlineData("lightreasoner/worker:0.1.0", "/bin/worker")]
    [InlineData("lightreasoner/worker", "/bin/worker")]
    [InlineData("lightreasoner/worker:1@sha256:00", "/bin/worker")]
    [InlineData("docker.io/library/tool", "dotnet,a b.dll,-x")]
    [InlineData("localhost:5000/tool", null)]
    [InlineData("tools", null)]
    public void EntryPoint_AnyName_TagAndRegistryDoNotMatter(string image, string? expected)
    {
        var catalog = new ImageCatalog(new Dictionary<string, string>
        {
            ["lightreasoner/worker"] = "/bin/worker",
            ["tool"] = "dotnet \"a b.dll\" -x"
        });
        Assert.Equal(expected, catalog.EntryPoint(image) is { } parts ? string.Join(',', parts) : null);
    }

    [Theory]
    [InlineData("500m", "0.5")]
    [InlineData("2", "2")]
    [InlineData("1Gi", "1073741824")]
    [InlineData("1.5G", "1500000000")]
    [InlineData("1e3", "1000")]
    [InlineData("", "0")]
    public void Parse_Quantity_InWholeUnits(string text, string expected) =>
        Assert.Equal(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), Placement.Amount(text));

    [Theory]
    [InlineData("metadata.labels['a/b']", "v")]
    [InlineData("metadata.labels['none']", "")]
    [InlineData("metadata.name", "p")]
    [InlineData("spec.serviceAccountName", "default")]
    [InlineData("status.hostIP", "127.0.0.1")]
    public void Field_AnyPath_ValueOfThePod(string path, string expected) =>
        Assert.Equal(expected,
            DownwardApi.Field(JsonNode.Parse(
                """{"metadata": {"name": "p", "labels": {"c": "q\"", "a/b": "v"}}, "spec": {}}""")!.AsObject(), path));

    [Fact]
    public void Field_OfAnotherKind_SaysWhich() =>
        Assert.Contains("spec.containers", Assert.Throws<ConfigException>(() => DownwardApi.Field([], "spec.containers")).Message);
}
