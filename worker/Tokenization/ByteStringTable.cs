using System.Runtime.InteropServices;

namespace LightReasoner.Worker.Tokenization;

/// <summary>A hash table from byte strings to ids that keeps all keys in one buffer: a vocabulary of 150,000 tokens without 150,000 objects.</summary>
internal sealed class ByteStringTable
{
    private struct Slot
    {
        public int Offset;
        public int Length; // -1 = free
        public uint Hash;
        public int Id;
    }

    private Slot[] _slots;
    private byte[] _bytes;
    private int _used;

    internal ByteStringTable(int expectedCount)
    {
        _slots = NewSlots((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedCount * 2)));
        _bytes = new byte[Math.Max(64, expectedCount * 8)];
    }

    internal int Count { get; private set; }

    /// <summary>The id of a key, or -1.</summary>
    internal int Find(ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        var mask = _slots.Length - 1;
        for (var i = (int)hash & mask; ; i = (i + 1) & mask)
        {
            ref readonly var slot = ref _slots[i];
            if (slot.Length < 0)
                return -1;
            if (slot.Hash == hash && key.SequenceEqual(_bytes.AsSpan(slot.Offset, slot.Length)))
                return slot.Id;
        }
    }

    /// <summary>Adds a key or gives it another id; returns where its bytes lie in <see cref="Bytes"/>.</summary>
    internal int Set(ReadOnlySpan<byte> key, int id)
    {
        if (Count * 2 >= _slots.Length)
            Grow();
        var hash = Hash(key);
        var mask = _slots.Length - 1;
        var i = (int)hash & mask;
        for (; _slots[i].Length >= 0; i = (i + 1) & mask)
        {
            ref var slot = ref _slots[i];
            if (slot.Hash != hash || !key.SequenceEqual(_bytes.AsSpan(slot.Offset, slot.Length)))
                continue;
            slot.Id = id;
            return slot.Offset;
        }
        if (_used + key.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _used + key.Length));
        key.CopyTo(_bytes.AsSpan(_used));
        _slots[i] = new Slot { Offset = _used, Length = key.Length, Hash = hash, Id = id };
        _used += key.Length;
        Count++;
        return _slots[i].Offset;
    }

    internal ReadOnlySpan<byte> Bytes(int offset, int length) => _bytes.AsSpan(offset, length);

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        // Eight bytes a step, multiply and fold; tokens are short.
        var h = 0x9E3779B97F4A7C15UL ^ (ulong)key.Length;
        while (key.Length >= 8)
        {
            h = (h ^ MemoryMarshal.Read<ulong>(key)) * 0xD6E8FEB86659FD93UL;
            h ^= h >> 32;
            key = key[8..];
        }
        foreach (var b in key)
            h = (h ^ b) * 0x100000001B3UL;
        h ^= h >> 32;
        h *= 0xD6E8FEB86659FD93UL;
        return (uint)(h >> 32);
    }

    private static Slot[] NewSlots(int size)
    {
        var slots = new Slot[size];
        for (var i = 0; i < size; i++)
            slots[i].Length = -1;
        return slots;
    }

    private void Grow()
    {
        var old = _slots;
        _slots = NewSlots(old.Length * 2);
        var mask = _slots.Length - 1;
        foreach (var slot in old)
        {
            if (slot.Length < 0)
                continue;
            var i = (int)slot.Hash & mask;
            while (_slots[i].Length >= 0)
                i = (i + 1) & mask;
            _slots[i] = slot;
        }
    }
}
