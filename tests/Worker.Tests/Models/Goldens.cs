using System.Text.Json.Nodes;
using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Models;

/// <summary>Numbers of Hugging Face's own model code (../shared/goldens, a few of them also in tests/goldens).</summary>
internal static class Goldens
{
    public static string Folder => SharedFolder.Of("goldens");

    public static LoadedModel Model(string name) => HuggingFaceFolder.Load(SharedFolder.Of($"goldens/{name}"), ScalarType.Float32, CPU);

    public static JsonObject Json(string file) => JsonNode.Parse(File.ReadAllText(SharedFolder.Of($"goldens/{file}")))!.AsObject();

    public static SafetensorsFile Tensors(string file) => new SafetensorsFile(SharedFolder.Of($"goldens/{file}"));

    public static int[] Ids(this JsonNode node) => [.. node.AsArray().Select(n => n!.GetValue<int>())];

    public static double[] Numbers(this JsonNode node) => [.. node.AsArray().Select(n => n!.GetValue<double>())];

    /// <summary>Rows padded on the right with 0: [rows, longest].</summary>
    public static Tensor Batch(params int[][] rows)
    {
        var length = rows.Max(r => r.Length);
        var flat = new long[rows.Length * length];
        for (var row = 0; row < rows.Length; row++)
            for (var i = 0; i < rows[row].Length; i++)
                flat[row * length + i] = rows[row][i];
        return tensor(flat).view(rows.Length, length);
    }

    public static double LargestDifference(Tensor a, Tensor b) =>
        a.to(ScalarType.Float64).sub(b.to(ScalarType.Float64)).abs().max().item<double>();

    /// <summary>Norm of the difference over the norm of what is expected.</summary>
    public static double RelativeDifference(Tensor actual, Tensor expected) =>
        actual.detach().to(ScalarType.Float64).sub(expected.to(ScalarType.Float64)).norm().item<double>() / expected.to(ScalarType.Float64)
        .norm().item<double>();
}
