namespace LightReasoner.Worker.Tokenization.PreTokenization;

/// <summary>A text and the ranges of it that are words so far. Every step of a pre-tokenizer refines the ranges.</summary>
internal struct Words(string text)
{
    internal string Text = text;
    internal List<(int Start, int Length)> Ranges = text.Length == 0 ? [] : [(0, text.Length)];
}

/// <summary>One step of a pre-tokenizer.</summary>
internal interface IPreTokenizer
{
    /// <summary>Replaces the words by finer ones.</summary>
    void Apply(ref Words words);
}

/// <summary>Steps in order.</summary>
internal sealed class PreTokenizerSequence(IReadOnlyList<IPreTokenizer> steps) : IPreTokenizer
{
    public void Apply(ref Words words)
    {
        foreach (var step in steps)
            step.Apply(ref words);
    }
}

/// <summary>Puts a space before every word that does not begin with one (add_prefix_space).</summary>
internal sealed class PrefixSpace : IPreTokenizer
{
    public void Apply(ref Words words)
    {
        var text = new System.Text.StringBuilder(words.Text.Length + words.Ranges.Count);
        var ranges = new List<(int, int)>(words.Ranges.Count);
        foreach (var (start, length) in words.Ranges)
        {
            var at = text.Length;
            if (words.Text[start] != ' ')
                text.Append(' ');
            text.Append(words.Text, start, length);
            ranges.Add((at, text.Length - at));
        }
        words.Text = text.ToString();
        words.Ranges = ranges;
    }
}
