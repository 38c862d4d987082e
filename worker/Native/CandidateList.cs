namespace LightReasoner.Worker.Native;

/// <summary>Tokens that may be the best of a row, with the most that the logit of each can be; filled in ascending order.</summary>
internal unsafe struct CandidateList(float* memory)
{
    /// <summary>Memory that a list takes, in float32 values.</summary>
    public const int Floats = 2 * Capacity;

    private const int Capacity = 512;

    private int _count;
    private bool _overflown;

    /// <summary>A logit that is certain to be reached.</summary>
    public float Least;

    private readonly float* Uppers => memory;

    private readonly int* Tokens => (int*)memory + Capacity;

    /// <summary>Adds a token; those that fell behind make room for it.</summary>
    public void Add(int token, float upper, float least)
    {
        if (_count == Capacity)
            Prune(least);
        if (_count == Capacity)
        {
            _overflown = true;
            return;
        }
        Tokens[_count] = token;
        Uppers[_count++] = upper;
    }

    /// <summary>The tokens of one row that are left over in several lists, each of other tokens.</summary>
    /// <param name="lists">Row by row for each part of the vocabulary, in its order.</param>
    /// <param name="row">The row.</param>
    /// <param name="stride">Rows of a part.</param>
    /// <param name="into">Where they go, in ascending order.</param>
    /// <param name="room">How many can.</param>
    /// <returns>How many there are; 0 where there is no room for all, or where no logit is a number.</returns>
    public static int Merge(CandidateList[] lists, int row, int stride, int* into, int room)
    {
        var least = float.NegativeInfinity;
        for (var i = row; i < lists.Length; i += stride)
            least = MathF.Max(least, lists[i].Least);
        var count = 0;
        for (var i = row; i < lists.Length; i += stride)
        {
            ref var list = ref lists[i];
            list.Prune(least);
            if (list._overflown || list._count > room - count)
                return 0;
            new ReadOnlySpan<int>(list.Tokens, list._count).CopyTo(new Span<int>(into + count, list._count));
            count += list._count;
        }
        return count;
    }

    private void Prune(float least)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (!(Uppers[i] >= least))
                continue;
            Uppers[kept] = Uppers[i];
            Tokens[kept++] = Tokens[i];
        }
        _count = kept;
    }
}
