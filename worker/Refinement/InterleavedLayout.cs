using LightReasoner.Worker.Models;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Refinement;

/// <summary>
/// A sequence for interleaved-mask training (next-block prediction): every full block of k response tokens is preceded by k - 1 masks at
/// the positions of its tokens. Masks see what is before their block and each other, and predict the block; no token ever sees a mask. A
/// shorter last block has none.
/// </summary>
/// <param name="Ids">Prompt, masks of block 0, block 0, masks of block 1, …</param>
/// <param name="Positions">Position of each token; a mask stands where the token stands that it is in place of.</param>
/// <param name="Labels">The token that each position predicts, or -1. They are shifted already.</param>
/// <param name="Segments">0 for the prompt, then 1, 2, … over groups of masks and blocks alike.</param>
/// <param name="IsMask">Which tokens are masks.</param>
internal sealed record InterleavedLayout(int[] Ids, int[] Positions, int[] Labels, int[] Segments, bool[] IsMask)
{
    /// <param name="sequence">Prompt, response and one EOS, already cut to the longest length.</param>
    public static InterleavedLayout Of(RefineSequence sequence, int blockSize, int mask)
    {
        var (start, response) = (sequence.ResponseStart, sequence.Ids.AsSpan(sequence.ResponseStart).ToArray());
        var (ids, positions, labels, segments, isMask) = (new List<int>(), new List<int>(), new List<int>(),
            new List<int>(), new List<bool>());
        for (var i = 0; i < start; i++)
            Add(sequence.Ids[i], i, i == start - 1 ? 0 : -1, segment: 0, false);
        var segment = 0;
        for (var block = 0; block < response.Length; block += blockSize)
        {
            var length = Math.Min(blockSize, response.Length - block);
            if (length == blockSize)
            {
                segment++;
                for (var j = 0; j < blockSize - 1; j++)
                    Add(mask, start + block + j, block + j + 1, segment, true);
            }
            segment++;
            for (var j = 0; j < length; j++)
                Add(response[block + j], start + block + j, block + j + 1, segment, false);
        }
        return new InterleavedLayout([.. ids], [.. positions], [.. labels], [.. segments], [.. isMask]);

        void Add(int id, int position, int predicts, int segment, bool masked)
        {
            ids.Add(id);
            positions.Add(position);
            labels.Add(predicts >= 0 && predicts < response.Length ? response[predicts] : -1);
            segments.Add(segment);
            isMask.Add(masked);
        }
    }

    /// <summary>
    /// Which tokens each token of some rows attends to, [rows, 1, length, length]; what pads a row is behind all that is real.
    /// </summary>
    public static Tensor AttentionMask(IReadOnlyList<InterleavedLayout> rows, Device device)
    {
        using var scope = NewDisposeScope();
        var segments = Transfer.Padded([.. rows.Select(row => row.Segments)], device);
        var masks = Transfer.Padded([.. rows.Select(row => Array.ConvertAll(row.IsMask, mask => mask ? 1 : 0))],
            device).to(ScalarType.Bool);
        var length = segments.size(1);
        var visible = segments.unsqueeze(1).eq(segments.unsqueeze(2)).logical_or(masks.logical_not().unsqueeze(1)); // [rows, query, key]
        var causal = ones([length, length], dtype: ScalarType.Bool, device: device).tril();
        return visible.logical_and(causal).unsqueeze(1).MoveToOuterDisposeScope();
    }
}
