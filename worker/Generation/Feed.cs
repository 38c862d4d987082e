using LightReasoner.Worker.Native;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>
/// What one step of decoding feeds to a <see cref="SlotCache"/>. A second model that is given the same feeds reads the same tokens at the same positions.
/// </summary>
/// <param name="Kept">Slots that the batch shrinks to before the step; null if it does not.</param>
/// <param name="Admitted">The slots that new prompts are put into; null for a step that continues running rows.</param>
/// <param name="Tokens">Tokens of each admitted prompt, or of each slot.</param>
/// <param name="Rows">Which sequences or slots the step's rows are, ascending.</param>
internal sealed record Feed(int[]? Kept, int[]? Admitted, int[][] Tokens, int[] Rows)
{
    /// <summary>Feeds a model, and returns the hidden state after each row's last token, [rows, hidden].</summary>
    public Tensor Into(SlotCache cache)
    {
        if (Kept is not null)
            cache.Keep(Kept);
        if (Admitted is not null)
            return OfRows(cache.Admit(Tokens, Admitted, Array.ConvertAll(Tokens, tokens => tokens.Length - 1)));
        var hidden = cache.Continue(Tokens); // one token for each slot that does not rest
        return OfRows(hidden.view(-1, hidden.size(2)));
    }

    /// <summary>Feeds a model each row's tokens and drafts behind them, for a step that continues.</summary>
    /// <param name="cache">The model's.</param>
    /// <param name="drafts">[rows, drafted].</param>
    /// <returns>Hidden states after the last token and after each draft token, position by position, [(drafted + 1)·rows, hidden].</returns>
    public Tensor Into(SlotCache cache, Tensor drafts)
    {
        if (Kept is not null)
            cache.Keep(Kept);
        var ids = cat([Array.ConvertAll(Tokens, tokens => tokens is [var id] ? id : 0L).ToDevice(drafts.device).view(-1, 1), BySlot(drafts)], 1);
        var hidden = cache.Continue(ids, Counts((int)ids.size(1)));
        return OfRows(hidden).transpose(0, 1).reshape(-1, hidden.size(2));
    }

    /// <summary>Feeds a model one more token for each row of a step that continued, and returns the hidden states after them, [rows, hidden].</summary>
    /// <param name="cache">The model's.</param>
    /// <param name="tokens">[rows].</param>
    public Tensor Next(SlotCache cache, Tensor tokens)
    {
        var hidden = cache.Continue(BySlot(tokens.view(-1, 1)), Counts(1));
        return OfRows(hidden.view(-1, hidden.size(2)));
    }

    private Tensor OfRows(Tensor bySlot) => Rows.Length == Tokens.Length ? bySlot : bySlot.index_select(0, Rows.ToDevice(bySlot.device));

    private Tensor BySlot(Tensor ofRows) => Rows.Length == Tokens.Length
        ? ofRows
        : zeros([Tokens.Length, ofRows.size(1)], dtype: ofRows.dtype, device: ofRows.device).index_copy_(0, Rows.ToDevice(ofRows.device), ofRows);

    /// <summary>So many tokens for each row, none for slots that rest.</summary>
    private int[] Counts(int each)
    {
        var counts = new int[Tokens.Length];
        foreach (var row in Rows)
            counts[row] = each;
        return counts;
    }
}
