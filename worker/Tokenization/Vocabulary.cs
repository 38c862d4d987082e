using System.Text;

namespace LightReasoner.Worker.Tokenization;

/// <summary>The model's tokens: bytes to id for encoding, id to bytes for decoding. Tokens not spelled in the byte alphabet keep their text.</summary>
internal sealed class Vocabulary(int expectedCount)
{
    /// <summary>Ids index arrays, so a file must not choose huge ones.</summary>
    internal const int MaxId = 1 << 24;

    private readonly ByteStringTable _byBytes = new(expectedCount);
    private readonly Dictionary<string, int> _byText = new(StringComparer.Ordinal);
    private byte[]?[] _literals = [];
    private (int Offset, int Length)[] _byId = new (int, int)[expectedCount];

    /// <summary>One more than the highest id.</summary>
    internal int Size { get; private set; }

    /// <summary>The longest token in bytes: a longer word need not be looked up whole.</summary>
    internal int LongestToken { get; private set; }

    internal void Add(ReadOnlySpan<byte> bytes, int id)
    {
        Reserve(id);
        _byId[id] = (_byBytes.Set(bytes, id), bytes.Length + 1); // length 0 = no token
        LongestToken = Math.Max(LongestToken, bytes.Length);
    }

    internal void AddLiteral(string text, int id)
    {
        Reserve(id);
        _byText[text] = id;
        if (_literals.Length <= id)
            Array.Resize(ref _literals, Math.Max(id + 1, _literals.Length * 2));
        _literals[id] = Encoding.UTF8.GetBytes(text);
    }

    internal int Find(ReadOnlySpan<byte> bytes) => _byBytes.Find(bytes);

    internal int Find(string token)
    {
        if (_byText.TryGetValue(token, out var id))
            return id;
        Span<byte> bytes = token.Length <= 256 ? stackalloc byte[token.Length] : new byte[token.Length];
        return ByteAlphabet.TryToBytes(token, bytes) ? _byBytes.Find(bytes) : -1;
    }

    /// <summary>The bytes that a token decodes to; false when there is no such token.</summary>
    internal bool TryGetBytes(int id, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if ((uint)id >= (uint)_byId.Length)
            return false;
        var (offset, length) = _byId[id];
        if (length > 0)
        {
            bytes = _byBytes.Bytes(offset, length - 1);
            return true;
        }
        if (id < _literals.Length && _literals[id] is { } literal)
        {
            bytes = literal;
            return true;
        }
        return false;
    }

    private void Reserve(int id)
    {
        if (id >= _byId.Length)
            Array.Resize(ref _byId, Math.Max(id + 1, _byId.Length * 2));
        Size = Math.Max(Size, id + 1);
    }
}
