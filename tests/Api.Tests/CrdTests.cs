using System.Text.Json.Nodes;
using LightReasoner.Api;
using LightReasoner.Api.Schema;

namespace LightReasoner.Api.Tests;

public class CrdTests
{
    [Fact]
    public void Files_InRepository_EqualTheGenerator()
    {
        var folder = Path.Combine(RepositoryFolder.Path, "crds");
        var generated = CrdGenerator.Files();
        Assert.Equal(generated.Keys.Order(), Directory.GetFiles(folder, "*.yaml").Select(Path.GetFileName).Order());
        foreach (var (name, text) in generated)
            Assert.True(File.ReadAllText(Path.Combine(folder, name)) == text, $"crds/{name} differs from api/: run `make generate`.");
    }

    [Theory]
    [InlineData(RunKind.SamplingRun)]
    [InlineData(RunKind.FineTuneRun)]
    [InlineData(RunKind.RefineRun)]
    public void Definition_EverySpecField_HasDescriptionAndBound(RunKind kind)
    {
        var missing = new List<string>();
        var schema =
            CrdGenerator.Definition(kind)["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject();
        Walk(schema, "spec");
        Assert.Empty(missing);

        void Walk(JsonObject node, string path)
        {
            if (node["description"] is null) missing.Add($"{path}: description");
            var type = (string?)node["type"];
            if (type is "integer" or "number" && (node["minimum"] is null || node["maximum"] is null)) missing.Add($"{path}: range");
            if (type == "string" && node["enum"] is null && node["maxLength"] is null) missing.Add($"{path}: enum or maxLength");
            if (type == "array" && node["maxItems"] is null) missing.Add($"{path}: maxItems");
            foreach (var (name, child) in node["properties"]?.AsObject() ?? []) Walk(child!.AsObject(), $"{path}.{name}");
        }
    }

    [Fact]
    public void Yaml_OfDefinition_ReadsBackAsTheSameJson()
    {
        var definition = CrdGenerator.Definition(RunKind.RefineRun);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(definition.ToJsonString()),
            JsonNode.Parse(YamlJson.ToJson(YamlJson.Write(definition), "crd")[0]!.ToJsonString())));
    }
}
