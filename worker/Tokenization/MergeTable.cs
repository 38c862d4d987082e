using System.Numerics;

namespace LightReasoner.Worker.Tokenization;

/// <summary>Pairs of token ids that merge: (left, right) to (rank, merged id). Open addressing over two flat arrays.</summary>
internal sealed class MergeTable
{
    private const ulong Free = ulong.MaxValue;

    private ulong[] _keys;
    private ulong[] _values; // rank in the high half, merged id in the low half
    private int _count;

    internal MergeTable(int expectedCount)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedCount * 2));
        _keys = new ulong[size];
        _values = new ulong[size];
        Array.Fill(_keys, Free);
    }

    /// <summary>Adds a pair; as in Hugging Face's library the last of two equal pairs counts.</summary>
    internal void Add(int left, int right, int rank, int merged)
    {
        if (_count * 2 >= _keys.Length)
            Grow();
        var key = Key(left, right);
        var i = Slot(key, _keys);
        if (_keys[i] == Free)
            _count++;
        _keys[i] = key;
        _values[i] = (ulong)(uint)rank << 32 | (uint)merged;
    }

    /// <summary>Rank in the high half and merged id in the low half, or <see cref="ulong.MaxValue"/> when the pair does not merge.</summary>
    internal ulong Find(int left, int right)
    {
        var key = Key(left, right);
        var i = Slot(key, _keys);
        return _keys[i] == Free ? Free : _values[i];
    }

    private static ulong Key(int left, int right) => (ulong)(uint)left << 32 | (uint)right;

    private static int Slot(ulong key, ulong[] keys)
    {
        var hash = key * 0x9E3779B97F4A7C15UL;
        hash ^= hash >> 29;
        hash *= 0xBF58476D1CE4E5B9UL;
        var mask = keys.Length - 1;
        var i = (int)(hash >> 33) & mask;
        while (keys[i] != Free && keys[i] != key)
            i = (i + 1) & mask;
        return i;
    }

    private void Grow()
    {
        var keys = new ulong[_keys.Length * 2];
        var values = new ulong[keys.Length];
        Array.Fill(keys, Free);
        for (var j = 0; j < _keys.Length; j++)
        {
            if (_keys[j] == Free)
                continue;
            var i = Slot(_keys[j], keys);
            keys[i] = _keys[j];
            values[i] = _values[j];
        }
        (_keys, _values) = (keys, values);
    }
}
