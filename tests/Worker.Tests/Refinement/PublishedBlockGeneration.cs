using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Tests.Refinement;

/// <summary>
/// The published function's outer loop around our passes: all rows stop after the block in which any of them has the fill token; a row is then cut at
/// the first one of the whole row, prompt included, and padded; whole blocks are generated, so that the limit may be overshot.
/// </summary>
internal static class PublishedBlockGeneration
{
    public static IReadOnlyList<int[]> Generate(
        CausalLM model, IReadOnlyList<int[]> prompts, int fillId, int padId, int blockLength, int passes, int maxNewTokens, int maxLength)
    {
        using var _ = no_grad();
        var blocks = (maxNewTokens + blockLength - 1) / blockLength;
        var rows = prompts.Select((prompt, i) => new BlockRow(i, prompt, blockLength, fillId)).ToArray();
        using var pass = new BlockPass(model, rows.Length, prompts.Max(prompt => prompt.Length) + blocks * blockLength);
        var stopped = false;
        for (var block = 0; block < blocks && !stopped && (block == 0 || rows[0].Tokens.Count < maxLength); block++)
        {
            foreach (var row in rows)
                row.StartBlock();
            for (var iteration = 0; iteration < passes && !rows.All(row => row.Settled); iteration++)
            {
                using var scope = NewDisposeScope();
                if (block == 0 && iteration == 0)
                    pass.Begin(rows, [.. Enumerable.Range(0, rows.Length)]);
                else
                    pass.Continue(Array.ConvertAll(rows, row => row.Settled ? null : row));
            }
            stopped = rows.Any(row => row.Tokens.Skip(row.BlockStart).Contains(fillId));
        }
        return [.. rows.Select(row => stopped ? Cut([.. row.Tokens], fillId, padId) : [.. row.Tokens])];
    }

    private static int[] Cut(int[] tokens, int fillId, int padId)
    {
        var end = Array.IndexOf(tokens, fillId);
        if (end >= 0)
            tokens.AsSpan(end + 1).Fill(padId);
        return tokens;
    }
}
