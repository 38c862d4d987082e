using LightReasoner.Api;
using LightReasoner.Worker.Inspect;
using LightReasoner.Worker.Tests.Faults;

namespace LightReasoner.Worker.Tests.Inspect;

/// <summary>Tools and manifests that name no dtype take the same one, that of the api project.</summary>
public sealed class DefaultDtypeTests
{
    private static readonly string Expert = RepositoryFolder.Of("examples", "quickstart", "models", "seed-0", "expert");

    private static readonly string Default = EnumOption.Name(ManifestReader.Read("""
        apiVersion: lightreasoner.io/v1alpha1
        kind: SamplingRun
        metadata: {name: s}
        spec: {expert: {uri: "hf://org/expert"}, amateur: {uri: "hf://org/amateur"}, dataset: {uri: "data.jsonl"}}
        """, "manifest", []) is SamplingRun run ? run.Spec.Expert.Dtype : throw new InvalidOperationException());

    [Theory, InlineData("evaluate"), InlineData("generate"), InlineData("inspect", "logits"), InlineData("inspect", "pair")]
    public async Task Dtype_LeftOut_IsThatOfManifests(params string[] tool)
    {
        var help = (await WorkerProgram.RunAsync([.. tool, "--help"])).Output;
        Assert.Contains($"[default: {Default}]", Assert.Single(help.Split("\n  --"), option => option.StartsWith("dtype ")));
    }

    [Fact]
    public async Task Model_IsLoadedInTheDefault()
    {
        var without = await LogitsAsync();
        Assert.Equal(await LogitsAsync("--dtype", Default), without);
        Assert.NotEqual(await LogitsAsync("--dtype", "float32"), without);
    }

    private static async Task<string> LogitsAsync(params string[] dtype)
    {
        using var worker = WorkerProcess.Start(["inspect", "logits", "--model", Expert, "--last", .. dtype],
            new Dictionary<string, string>(),
            """{"ids":[1,2,3]}""");
        var (code, errors) = await worker.ResultAsync();
        Assert.True(code == 0, errors);
        return await worker.Output;
    }
}
