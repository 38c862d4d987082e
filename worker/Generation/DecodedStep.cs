using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>One forward pass of batched decoding: for each of its rows one more token of an answer.</summary>
/// <param name="Prompts">Which prompt each row belongs to.</param>
/// <param name="Positions">Index of each row's token within its answer, from 0.</param>
/// <param name="Tokens">The chosen tokens.</param>
/// <param name="Logits">What they were chosen by, before any processing, [rows, vocab].</param>
/// <param name="Scores">The same after repetition penalty, temperature, top-k and top-p.</param>
/// <param name="Feed">What was fed to the model for it.</param>
internal sealed record DecodedStep(int[] Prompts, int[] Positions, int[] Tokens, Tensor Logits, Tensor Scores, Feed Feed);

/// <summary>
/// What one step of decoding fed to a <see cref="SlotCache"/>. A second model that is given the same feeds reads the same tokens at the same positions.
/// </summary>
/// <param name="Kept">Slots that the batch shrank to before the step; null if it did not.</param>
/// <param name="Admitted">The slots that new prompts were put into; null for a step that continues running rows.</param>
/// <param name="Tokens">Tokens of each admitted prompt, or of each slot.</param>
/// <param name="Rows">Which rows of the result belong to the step's rows.</param>
internal sealed record Feed(int[]? Kept, int[]? Admitted, IReadOnlyList<int[]> Tokens, int[] Rows)
{
    /// <summary>Feeds a model, and returns its hidden states, [sequences or slots, longest, hidden].</summary>
    public Tensor Read(SlotCache cache)
    {
        if (Kept is not null)
            cache.Keep(Kept);
        return Admitted is not null ? cache.Admit(Tokens, Admitted) : cache.Continue(Tokens);
    }

    /// <summary>Feeds a model, and returns the hidden state after each row's last token, [rows, hidden].</summary>
    public Tensor Into(SlotCache cache)
    {
        var hidden = Read(cache);
        var longest = hidden.size(1);
        var last = Array.ConvertAll(Rows, row => row * longest + Tokens[row].Length - 1);
        return hidden.view(-1, hidden.size(2)).index_select(0, tensor(last, device: hidden.device));
    }
}
