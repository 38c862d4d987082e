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

    /// <summary>Proposes <paramref name="count"/> tokens, at least one, to each row of a feed. They stay on the device.</summary>
    /// <returns>The proposals, [rows, count], and the logits [(count + 1)·rows, vocab] of the positions before, between and behind them, position by position.</returns>
    public static (Tensor Drafts, Tensor Logits) Propose(CausalLM amateur, SlotCache cache, Feed feed, int count)
    {
        var (drafts, logits) = (new Tensor[count], new Tensor[count + 1]);
        logits[0] = amateur.Logits(feed.Into(cache));
        for (var i = 0; i < count; i++)
        {
            drafts[i] = Argmax.OfRows(logits[i]);
            logits[i + 1] = amateur.Logits(feed.Next(cache, drafts[i]));
        }
        return (stack(drafts, 1), cat(logits, 0));
    }
}
