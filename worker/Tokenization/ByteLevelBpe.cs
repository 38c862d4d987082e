using System.Buffers;
using System.Text;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// Byte-pair encoding of one word at a time: starts from the ids of its bytes and applies the merge of lowest rank, leftmost
/// first, until none is left. Safe for concurrent use.
/// </summary>
internal sealed class ByteLevelBpe
{
    private const int ScanLimit = 48;       // up to here a scan for the lowest rank beats a heap
    private const int CacheSlots = 1 << 15; // direct-mapped
    private const int CachedWordLength = 64;

    private sealed record CachedWord(string Word, int[] Ids);

    private readonly Vocabulary _vocabulary;
    private readonly MergeTable _merges;
    private readonly bool _ignoreMerges;
    private readonly bool _fuseUnknown;
    private readonly int _unknownId;
    private readonly int[] _byteIds = new int[256];
    // A slot is replaced whole (reference writes are atomic), so threads need no lock.
    private readonly CachedWord?[] _cache = new CachedWord?[CacheSlots];

    internal ByteLevelBpe(Vocabulary vocabulary, MergeTable merges, bool ignoreMerges, int unknownId, bool fuseUnknown)
    {
        (_vocabulary, _merges, _ignoreMerges, _unknownId, _fuseUnknown) = (vocabulary, merges, ignoreMerges, unknownId, fuseUnknown);
        for (var b = 0; b < 256; b++)
            _byteIds[b] = vocabulary.Find([(byte)b]);
    }

    /// <summary>Appends the ids of a word.</summary>
    internal void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > CachedWordLength)
        {
            EncodeUncached(word, ids);
            return;
        }
        ref var slot = ref _cache[string.GetHashCode(word) & (CacheSlots - 1)];
        if (slot is { } hit && word.SequenceEqual(hit.Word))
        {
            ids.AddRange(hit.Ids);
            return;
        }
        var start = ids.Count;
        EncodeUncached(word, ids);
        slot = new CachedWord(word.ToString(), ids.GetRange(start, ids.Count - start).ToArray());
    }

    private void EncodeUncached(ReadOnlySpan<char> word, List<int> ids)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        var bytes = rented.AsSpan(0, Encoding.UTF8.GetBytes(word, rented));
        if (_ignoreMerges && bytes.Length <= _vocabulary.LongestToken && _vocabulary.Find(bytes) is >= 0 and var whole)
            ids.Add(whole);
        else
            Merge(bytes, ids);
        ArrayPool<byte>.Shared.Return(rented);
    }

    private void Merge(ReadOnlySpan<byte> bytes, List<int> ids)
    {
        var rented = ArrayPool<int>.Shared.Rent(bytes.Length);
        var symbols = rented.AsSpan(0, Symbols(bytes, rented));
        if (symbols.Length > ScanLimit)
            symbols = symbols[..MergeByHeap(symbols)];
        else
            symbols = symbols[..MergeByScan(symbols)];
        ids.AddRange(symbols);
        ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>The ids of the single bytes. A byte without a token becomes the unknown token or, without one, nothing.</summary>
    private int Symbols(ReadOnlySpan<byte> bytes, int[] symbols)
    {
        var n = 0;
        var afterUnknown = false;
        foreach (var b in bytes)
        {
            var id = _byteIds[b];
            if (id < 0)
            {
                if (_unknownId < 0 || (afterUnknown && _fuseUnknown))
                    continue;
                id = _unknownId;
                afterUnknown = true;
            }
            else
            {
                afterUnknown = false;
            }
            symbols[n++] = id;
        }
        return n;
    }

    private int MergeByScan(Span<int> symbols)
    {
        var n = symbols.Length;
        Span<ulong> pairs = stackalloc ulong[ScanLimit];
        for (var i = 0; i + 1 < n; i++)
            pairs[i] = _merges.Find(symbols[i], symbols[i + 1]);
        while (n > 1)
        {
            // Equal ranks are equal pairs, so comparing whole values still takes the leftmost.
            var best = 0;
            for (var i = 1; i + 1 < n; i++)
            {
                if (pairs[i] < pairs[best])
                    best = i;
            }
            if (pairs[best] == ulong.MaxValue)
                break;
            symbols[best] = (int)(uint)pairs[best];
            symbols[(best + 2)..n].CopyTo(symbols[(best + 1)..]);
            n--;
            if (best + 1 < n)
            {
                pairs[(best + 2)..n].CopyTo(pairs[(best + 1)..]);
                pairs[best] = _merges.Find(symbols[best], symbols[best + 1]);
            }
            if (best > 0)
                pairs[best - 1] = _merges.Find(symbols[best - 1], symbols[best]);
        }
        return n;
    }

    /// <summary>The same in O(n log n), for words of any length (a page of spaces is one word).</summary>
    private int MergeByHeap(Span<int> symbols)
    {
        var n = symbols.Length;
        var next = new int[n];
        var previous = new int[n];
        var queue = new PriorityQueue<(int Left, int Right, ulong Merge), (uint Rank, int Position)>();
        for (var i = 0; i < n; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1 < n ? i + 1 : -1;
            if (i > 0)
                Enqueue(symbols, i - 1, i);
        }
        while (queue.TryDequeue(out var candidate, out _))
        {
            var (left, right, merge) = candidate;
            // Stale when either side has been merged into something else since.
            if (symbols[left] < 0 || symbols[right] < 0 || next[left] != right || _merges.Find(symbols[left], symbols[right]) != merge)
                continue;
            symbols[left] = (int)(uint)merge;
            symbols[right] = -1;
            next[left] = next[right];
            if (next[left] >= 0)
            {
                previous[next[left]] = left;
                Enqueue(symbols, left, next[left]);
            }
            if (previous[left] >= 0)
                Enqueue(symbols, previous[left], left);
        }
        var count = 0;
        foreach (var id in symbols)
        {
            if (id >= 0)
                symbols[count++] = id;
        }
        return count;

        void Enqueue(Span<int> ids, int left, int right)
        {
            var merge = _merges.Find(ids[left], ids[right]);
            if (merge != ulong.MaxValue)
                queue.Enqueue((left, right, merge), ((uint)(merge >> 32), left));
        }
    }
}
