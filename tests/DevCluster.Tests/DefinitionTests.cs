using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests;

/// <summary>Definitions that a real API server refuses, by the field that it names, and formats of strings that it checks.</summary>
public sealed class DefinitionTests : AdministratorTests
{
    [Theory]
    [InlineData("""{"type":"string","pattern":"("}""", "pattern", "FieldValueInvalid")]
    [InlineData("""{"type":"array","items":{"type":"string"},"uniqueItems":true}""", "uniqueItems", "FieldValueForbidden")]
    [InlineData("""{"type":"array","x-kubernetes-list-type":"set","items":{"type":"object"}}""", "items.x-kubernetes-map-type", "FieldValueInvalid")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"self > 1"}]}""", "x-kubernetes-validations[0].rule", "FieldValueInvalid")]
    [InlineData("""{"type":"array","items":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}""", "items.x-kubernetes-validations[0].rule", "FieldValueInvalid")]
    [InlineData("""{"type":"object","properties":{"x":{"type":"string"}},"x-kubernetes-validations":[{"rule":"has(self.x)","fieldPath":".y"}]}""", "x-kubernetes-validations[0].fieldPath", "FieldValueInvalid")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"self == 'a'","message":"a\nb"}]}""", "x-kubernetes-validations[0].message", "FieldValueInvalid")]
    [InlineData("""{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}""", "additionalProperties", "FieldValueForbidden")]
    [InlineData("""{"type":"text"}""", "type", "FieldValueNotSupported")]
    [InlineData("""{"type":"string","anyOf":[{"type":"string"}]}""", "anyOf[0].type", "FieldValueForbidden")]
    [InlineData("""{"type":"string","allOf":[{"default":"x"}]}""", "allOf[0].default", "FieldValueForbidden")]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":false}""", "x-kubernetes-preserve-unknown-fields", "FieldValueInvalid")]
    [InlineData("""{"type":"object","x-kubernetes-embedded-resource":true}""", "properties", "FieldValueRequired")]
    [InlineData("""{"type":"object","properties":{"b":{"type":"string"}},"default":{"c":1}}""", "default", "FieldValueInvalid")]
    [InlineData("""{"type":"object","x-kubernetes-list-type":"set"}""", "type", "FieldValueInvalid")]
    [InlineData("""{"type":"object","x-kubernetes-map-type":"loose"}""", "x-kubernetes-map-type", "FieldValueNotSupported")]
    [InlineData("""{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object"}}""", "x-kubernetes-list-map-keys", "FieldValueInvalid")]
    [InlineData("""{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"string"}}""", "items.type", "FieldValueInvalid")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"true","optionalOldSelf":true}]}""", "x-kubernetes-validations[0].optionalOldSelf", "FieldValueInvalid")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"self.sparkles()"}]}""", "x-kubernetes-validations[0].rule", "FieldValueInvalid")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"self ==\n'a'"}]}""", "x-kubernetes-validations[0].message", "FieldValueRequired")]
    [InlineData("""{"type":"array","items":{"type":"string"},"x-kubernetes-validations":[{"rule":"self.all(x, x.contains('gpu'))"}]}""", "x-kubernetes-validations[0].rule", "FieldValueForbidden")]
    public async Task Schema_ThatIsNotStructural_IsRefused(string schema, string field, string reason)
    {
        var causes = await RefusalAsync(Definition("checks", schema));
        Assert.Contains(causes, c => c == ($"spec.validation.openAPIV3Schema.properties[a].{field}", reason));
    }

    [Theory]
    [InlineData("""{"shortNames":["A_"]}""", "spec.names.shortNames[0]")]
    [InlineData("""{"categories":["B_"]}""", "spec.names.categories[0]")]
    public async Task Names_ThatAreNoLabels_AreRefused(string names, string field)
    {
        var definition = Definition("checks", """{"type":"string"}""");
        foreach (var (key, value) in JsonNode.Parse(names)!.AsObject())
            definition["spec"]!["names"]![key] = value!.DeepClone();
        Assert.Contains(await RefusalAsync(definition), c => c == (field, "FieldValueInvalid"));
    }

    [Theory]
    [InlineData("""{"type":"array","maxItems":10,"items":{"type":"string","maxLength":64},"x-kubernetes-validations":[{"rule":"self.all(x, self.exists_one(y, x == y))"}]}""")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"self.matches('^a+$')"}]}""")]
    public async Task Rule_ThatIsAffordable_IsTaken(string schema)
        => Assert.Equal(201, (await PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All", Definition("checks", schema))).Status);

    [Theory]
    [InlineData("""{"conversion":{"strategy":"Webhook"}}""", "spec.conversion.webhookClientConfig", "FieldValueRequired")]
    [InlineData("""{"conversion":{"strategy":"Other"}}""", "spec.conversion.strategy", "FieldValueNotSupported")]
    [InlineData("""{"names":{"plural":"checks","kind":"Check","listKind":"Check"}}""", "spec.names.listKind", "FieldValueInvalid")]
    [InlineData("""{"versions":[]}""", "status.storedVersions", "FieldValueInvalid")]
    public async Task Definition_ThatContradictsItself_IsRefused(string change, string field, string reason)
    {
        var definition = Definition("checks", """{"type":"string"}""");
        foreach (var (key, value) in JsonNode.Parse(change)!.AsObject())
            definition["spec"]![key] = value!.DeepClone();
        Assert.Contains(await RefusalAsync(definition), c => c == (field, reason));
    }

    [Theory]
    [InlineData("ipv4", "10.0.0.1", "10.0.0")]
    [InlineData("uuid", "6fa459ea-ee8a-4ca4-894e-db77e160355e", "6fa459ea")]
    [InlineData("date", "2026-02-28", "2026-02-30")]
    [InlineData("duration", "1h", "soon")]
    [InlineData("byte", "YWI=", "YWI")]
    [InlineData("email", "a@example.org", "a")]
    [InlineData("cidr", "10.0.0.0/8", "10.0.0.0")]
    [InlineData("mac", "01:23:45:67:89:ab", "01:23")]
    [InlineData("password", "anything", null)]
    public async Task Format_OfAString_IsChecked(string format, string good, string? bad)
    {
        var created = await PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Definition("formats", $$"""{"type":"string","format":"{{format}}"}"""));
        Assert.Equal(201, created.Status);
        Assert.Equal(201, (await CreateAsync(good)).Status);
        if (bad is null)
            return;
        var refused = await CreateAsync(bad);
        Assert.Equal((422, "a", "FieldValueTypeInvalid"),
            (refused.Status, (string)refused.Body["details"]!["causes"]![0]!["field"]!, (string)refused.Body["details"]!["causes"]![0]!["reason"]!));

        async Task<(int Status, JsonNode Body)> CreateAsync(string value)
        {
            await DevServer.UntilServedAsync(Client, "/apis/checks.dev/v1/namespaces/default/formats");
            return await PostAsync("/apis/checks.dev/v1/namespaces/default/formats?dryRun=All",
                new JsonObject { ["apiVersion"] = "checks.dev/v1", ["kind"] = "Formats", ["metadata"] = new JsonObject { ["name"] = "x" }, ["a"] = value });
        }
    }

    [Fact]
    public async Task DefaultNamespace_StaysAndServicesKeepTheirAddress()
    {
        using var gone = await Client.DeleteAsync("/api/v1/namespaces/default");
        Assert.Equal(403, (int)gone.StatusCode);

        var services = "/api/v1/namespaces/default/services";
        var made = await PostAsync(services, JsonNode.Parse("""{"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}]}}""")!.AsObject());
        Assert.InRange((int)made.Body["spec"]!["ports"]![0]!["nodePort"]!, 30000, 32767);
        var moved = await MergeAsync(services + "/s", """{"spec":{"clusterIP":"10.96.200.1"}}""");
        Assert.Contains("may not change once set", moved.Body.ToJsonString());
        var ports = await PostAsync(services, JsonNode.Parse("""{"metadata":{"name":"t"},"spec":{"ports":[{"port":80},{"port":70000}]}}""")!.AsObject());
        Assert.Equal(["spec.ports[0].name", "spec.ports[1].name", "spec.ports[1].port", "spec.ports[1].targetPort"],
            ports.Body["details"]!["causes"]!.AsArray().Select(c => (string)c!["field"]!));
    }

    private static JsonObject Definition(string plural, string field) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = plural + ".checks.dev" },
        ["spec"] = new JsonObject
        {
            ["group"] = "checks.dev",
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject { ["plural"] = plural, ["kind"] = char.ToUpperInvariant(plural[0]) + plural[1..] },
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = "v1",
                ["served"] = true,
                ["storage"] = true,
                ["schema"] = new JsonObject
                {
                    ["openAPIV3Schema"] = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["a"] = JsonNode.Parse(field) } },
                },
            }),
        },
    };

    private async Task<IReadOnlyList<(string, string)>> RefusalAsync(JsonObject definition)
    {
        var (status, body) = await PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All", definition);
        Assert.Equal(422, status);
        return [.. body["details"]!["causes"]!.AsArray().Select(c => ((string)c!["field"]!, (string)c["reason"]!))];
    }
}
