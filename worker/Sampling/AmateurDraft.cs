using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// The amateur as draft model: it must score every position anyway, so what it would say next is a proposal for free. The expert reads several proposals in one
/// pass and keeps them as far as they are what it says itself, which leaves greedy decoding as it is.
/// </summary>
internal static class AmateurDraft
{
    /// <summary>Most tokens proposed at once; one in five is wrong with usual pairs, so longer drafts are rarely read to their end.</summary>
    public const int MaxLength = 4;

    // A pass over this many tokens takes about as long as one over a single token: the weights' way from memory is what counts.
    private const int FreeTokensOnCpu = 16, FreeTokensOnGpu = 256;

    /// <summary>How many tokens are proposed to each of a number of rows: as many as ride along for free.</summary>
    public static int Length(int rows, Device device) =>
        Math.Clamp((device.type == DeviceType.CPU ? FreeTokensOnCpu : FreeTokensOnGpu) / rows - 1, 0, MaxLength);

    /// <summary>Proposes tokens to the rows of a feed.</summary>
    /// <returns>The proposals by row, and the logits [(count + 1)·rows, vocab] of the positions before, between and behind them, position by position.</returns>
    public static (int[][] Drafts, Tensor Logits) Propose(CausalLM amateur, SlotCache cache, Feed feed, int count)
    {
        var logits = new List<Tensor> { amateur.Logits(feed.Into(cache)) };
        var drafts = new int[feed.Rows.Length][];
        for (var row = 0; row < drafts.Length; row++)
            drafts[row] = new int[count];
        for (var i = 0; i < count; i++)
        {
            var best = Argmax.OfRows(logits[^1]);
            var tokens = Array.ConvertAll(new int[feed.Tokens.Count][], _ => Array.Empty<int>());
            for (var row = 0; row < drafts.Length; row++)
                tokens[feed.Rows[row]] = [drafts[row][i] = (int)best[row]];
            logits.Add(amateur.Logits(new Feed(null, null, tokens, feed.Rows).Into(cache)));
        }
        return (drafts, logits.Count == 1 ? logits[0] : cat(logits, 0));
    }
}
