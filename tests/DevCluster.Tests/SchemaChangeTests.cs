using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests;

/// <summary>
/// Custom resources whose definition has a scale sub-resource, optional old values, or rules that came after the objects.
/// </summary>
public sealed class SchemaChangeTests : AdministratorTests
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        Fleets = "/apis/checks.dev/v1/namespaces/default/fleets";

    [Fact]
    public async Task WhatHasNotChanged_IsNotHeldAgainstANewRule()
    {
        await DefineAsync("""{"type":"object","properties":{"color":{"type":"string"},"size":{"type":"integer"},"tags":{"type":"array","items":{"type":"string"}}}}""");
        await CreateAsync("a", """{"color":"red","size":9,"tags":["x","x"]}""");
        var definition = (await SendAsync("GET", $"{Definitions}/fleets.checks.dev")).Body;
        definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"] = JsonNode.Parse("""
            {"type":"object","properties":{"color":{"type":"string","enum":["green"]},"tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
             "size":{"type":"integer","x-kubernetes-validations":[{"rule":"self < 5"}]}}}
            """);
        Assert.Equal(200, (await SendAsync("PUT", $"{Definitions}/fleets.checks.dev", definition.ToJsonString())).Status);
        await UntilRefusedAsync("""{"color":"blue"}""");

        Assert.Equal(200, await PatchAsync("""{"metadata":{"labels":{"x":"y"}}}"""));
        Assert.Equal(422, await PatchAsync("""{"spec":{"color":"pink"}}"""));
        Assert.Equal(422, await PatchAsync("""{"spec":{"size":8}}"""));
        Assert.Equal(200, await PatchAsync("""{"spec":{"color":"green"}}"""));
        Assert.Equal(200, await PatchAsync("""{"spec":{"size":4}}"""));
    }

    private async Task DefineAsync(string spec)
    {
        var made = await SendAsync("POST", Definitions, """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"fleets.checks.dev"},
             "spec":{"group":"checks.dev","scope":"Namespaced","names":{"plural":"fleets","kind":"Fleet"},"versions":[{"name":"v1","served":true,"storage":true,
              "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":SPEC,"status":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]}}
            """.Replace("SPEC", spec, StringComparison.Ordinal));
        Assert.Equal(201, made.Status);
        await DevServer.UntilServedAsync(Client, Fleets);
    }

    private async Task CreateAsync(string name, string spec)
        => Assert.Equal(201, (await SendAsync("POST", Fleets, Fleet(name, spec))).Status);

    /// <summary>A changed schema takes effect a moment after it was written.</summary>
    private async Task UntilRefusedAsync(string spec)
    {
        for (var i = 0; (await SendAsync("POST", Fleets + "?dryRun=All", Fleet("z", spec))).Status != 422; i++)
        {
            Assert.True(i < 3000, "the new schema is not in force");
            await Task.Delay(50);
        }
    }

    private static string Fleet(string name, string spec) => new JsonObject
    {
        ["apiVersion"] = "checks.dev/v1",
        ["kind"] = "Fleet",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = JsonNode.Parse(spec),
    }.ToJsonString();

    private async Task<int> PatchAsync(string patch) => (await MergeAsync($"{Fleets}/a", patch)).Status;
}
