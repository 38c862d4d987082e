namespace LightReasoner.Worker.Evaluation;

/// <summary>The answer in a response, found as the Qwen2.5-Math evaluation finds it.</summary>
internal static partial class AnswerExtraction
{
    private static readonly string[] Stops = ["</s>", "<|im_end|>", "<|endoftext|>"];

    /// <summary>The response up to the first stop word, trimmed.</summary>
    /// <param name="type">The prompt: after <c>cot</c>, a next question ends the response too.</param>
    public static string Cut(string response, PromptType type)
    {
        foreach (var stop in type == PromptType.Cot ? [.. Stops, "\n\nQuestion:"] : Stops)
            if (response.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var end) response = response[..end];
        return response.Trim();
    }

    /// <summary>The answer of a response in its normal form; empty where there is none.</summary>
    /// <param name="keepUnits">Leaves units where they are (Minerva).</param>
    public static string Extract(string response, bool keepUnits = false)
    {
        response = response.Remove("\u043a\u0438");
        string answer;
        if (After(response, "final answer is $", last: false) is { } minerva && response.Contains("$. I hope", StringComparison.Ordinal))
            answer = Before(minerva, "$. I hope").Trim();
        else if (After(response, "boxed") is { } boxed)
        {
            if (boxed.Length == 0) return "";
            answer = boxed[0] == '{' ? Braced(boxed) : Before(boxed, "$").Trim();
        }
        else if ((After(response, "he answer is") ?? After(response, "final answer is")) is { } stated)
            answer = stated.Trim();
        else if (response.Split("答案是") is [_, var chinese, ..])
            answer = Before(chinese.Trim(), "\n\n").Trim();
        else
            answer = Number().Matches(response.Remove(",")) is { Count: > 0 } numbers ? numbers[^1].Value : "";
        answer = LineBreak().Replace(answer, "");
        if (answer.StartsWith(':')) answer = answer[1..];
        if (answer.EndsWith('.')) answer = answer[..^1];
        if (answer.EndsWith('/')) answer = answer[..^1];
        return AnswerText.Normalize(answer, keepUnits);
    }

    /// <summary>The letter that a response chooses: the first after "answer is" or "choice is", else the last; else the text.</summary>
    public static string Choice(string response)
    {
        response = response.Trim('\n');
        // Said more than once: the model went on with questions of its own.
        if (response.Split("choice is").Length > 2 || response.Split("answer is").Length > 2) response = Before(response, "\n\n");
        var parts = response.Split(["choice is", "answer is"], StringSplitOptions.None);
        return Letter(parts[^1], first: parts.Length > 1);
    }

    /// <summary>The first or last stand-alone letter A to E, in either case.</summary>
    public static string Letter(string text, bool first)
    {
        text = text.Trim('\n').TrimEnd('.').TrimEnd('/').Trim(' ').TrimStart(':');
        var letters = LoneLetter().Matches(text.ToUpperInvariant());
        return letters.Count > 0 ? letters[first ? 0 : ^1].Value : text.Trim().Trim('.').TrimEnd('.').TrimEnd('/');
    }

    private static string? After(string text, string part, bool last = true)
    {
        var at = last ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? null : text[(at + part.Length)..];
    }

    private static string Before(string text, string part) =>
        text.IndexOf(part, StringComparison.Ordinal) is >= 0 and var at ? text[..at] : text;

    /// <summary>What stands between a brace and the one that closes it; all the rest where none does.</summary>
    private static string Braced(string text)
    {
        var depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0) return text[1..i];
        }
        return text[1..];
    }

    [GeneratedRegex(@"-?\d*\.?\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"\n\s*")]
    private static partial Regex LineBreak();

    [GeneratedRegex(@"\b(A|B|C|D|E)\b")]
    private static partial Regex LoneLetter();
}
