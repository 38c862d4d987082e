using System.Buffers.Binary;

namespace LightReasoner.Worker.Native;

/// <summary>Bytes of machine code, one instruction after another.</summary>
internal abstract class CodeWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>Where the next instruction begins.</summary>
    protected int Position => _bytes.Count;

    protected byte[] Written => [.. _bytes];

    /// <summary>Adds bytes, given as numbers whose higher bits do not count.</summary>
    protected CodeWriter Bytes(params ReadOnlySpan<int> values)
    {
        foreach (var value in values)
            _bytes.Add((byte)value);
        return this;
    }

    /// <summary>Adds a number of 32 bits.</summary>
    protected internal void Number(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
    }

    /// <summary>Adds a jump's way to an earlier instruction, counted from behind it.</summary>
    protected void BackTo(int position) => Number(position - (Position + sizeof(int)));
}
