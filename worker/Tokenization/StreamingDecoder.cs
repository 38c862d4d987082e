namespace LightReasoner.Worker.Tokenization;

/// <summary>
/// Decodes token by token. A character whose bytes are spread over several tokens is held back until it is complete, so every
/// piece is whole characters, and all pieces together are what <see cref="Tokenizer.Decode"/> gives for all ids at once.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    // Decoders look at neighbours (a leading space is dropped, bytes are joined), so the last piece is decoded again before the new one.
    private readonly List<int> _ids = [];
    private int _complete;
    private string _before = "";

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens) =>
        (_tokenizer, _skipSpecialTokens) = (tokenizer, skipSpecialTokens);

    /// <summary>Takes the next token; returns the text that is complete now, often empty.</summary>
    public string Append(int id)
    {
        if (!_tokenizer.IsShown(id, _skipSpecialTokens))
            return "";
        _ids.Add(id);
        var text = Decode(_ids);
        // A run of SentencePiece's byte tokens is a text only when all of it is valid.
        var isByte = _tokenizer.IdToToken(id) is ['<', '0', 'x', _, _, '>'];
        return text.Length <= _before.Length || text.EndsWith('\uFFFD') || isByte ? "" : Take(text);
    }

    /// <summary>Ends the text: a character that never became complete is U+FFFD. The decoder can be used again from the start.</summary>
    public string Finish()
    {
        var rest = Decode(_ids)[_before.Length..];
        _ids.Clear();
        (_complete, _before) = (0, "");
        return rest;
    }

    private string Take(string text)
    {
        var piece = text[_before.Length..];
        _ids.RemoveRange(0, _complete);
        _complete = _ids.Count;
        _before = Decode(_ids);
        return piece;
    }

    private string Decode(List<int> ids) => _tokenizer.Decode([.. ids], _skipSpecialTokens);
}
