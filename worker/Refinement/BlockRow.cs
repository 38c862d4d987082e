namespace LightReasoner.Worker.Refinement;

/// <summary>
/// One sequence in block generation. Its last <c>blockLength</c> tokens are the block that is being refined; all before them is final. The last token of the
/// block is never read, only predicted: a pass reads the block but for it and predicts the block.
/// </summary>
internal sealed class BlockRow(int prompt, int[] promptIds, int blockLength, int fillId)
{
    private readonly List<int> _tokens = [.. promptIds];

    /// <summary>Which prompt this is.</summary>
    public int Prompt { get; } = prompt;

    /// <summary>Tokens before the block.</summary>
    public int BlockStart { get; private set; } = -1;

    /// <summary>Passes over the current block.</summary>
    public int Passes { get; private set; }

    /// <summary>Passes over all blocks.</summary>
    public int TotalPasses { get; private set; }

    /// <summary>Whether the last pass changed nothing, so that further ones would not either.</summary>
    public bool Settled { get; private set; }

    /// <summary>Prompt and everything generated.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Makes what was generated final and appends a fresh block.</summary>
    public void StartBlock()
    {
        BlockStart = _tokens.Count;
        _tokens.AddRange(Enumerable.Repeat(fillId, blockLength));
        (Passes, Settled) = (0, false);
    }

    /// <summary>What the next pass reads, given how many tokens are cached.</summary>
    public int[] Input(int cached) => [.. _tokens.GetRange(cached, _tokens.Count - 1 - cached)];

    /// <summary>Takes a pass's predictions: of the tokens after position <paramref name="cached"/>.</summary>
    /// <returns>How many tokens the cache may keep: up to the first one that the pass read differently from what it now is.</returns>
    public int Accept(int cached, ReadOnlySpan<long> predicted)
    {
        var valid = _tokens.Count - 1;
        for (var i = 0; i < predicted.Length; i++)
        {
            var position = cached + 1 + i;
            if (position < BlockStart)
                continue; // part of the prompt
            var token = (int)predicted[i];
            if (token != _tokens[position] && position < valid)
                valid = position;
            _tokens[position] = token;
        }
        Passes++;
        TotalPasses++;
        Settled = valid == _tokens.Count - 1;
        return valid;
    }
}
