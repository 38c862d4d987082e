using System.Text;

namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// Decodes token by token. A character whose bytes are spread over several tokens is held back until it is complete, so every
/// piece is whole characters, and all pieces together are what <see cref="Tokenizer.Decode"/> gives for all ids at once.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private char[] _chars = new char[64];

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens) => (_tokenizer, _skipSpecialTokens) = (tokenizer, skipSpecialTokens);

    /// <summary>Takes the next token; returns the text that is complete now, often empty.</summary>
    public string Append(int id) => _tokenizer.TryGetBytes(id, _skipSpecialTokens, out var bytes) ? Decode(bytes, flush: false) : "";

    /// <summary>Ends the text: a character that never became complete is U+FFFD. The decoder can be used again from the start.</summary>
    public string Finish() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var most = Encoding.UTF8.GetMaxCharCount(bytes.Length);
        if (_chars.Length < most)
            _chars = new char[most];
        return new string(_chars, 0, _utf8.GetChars(bytes, _chars, flush));
    }
}
