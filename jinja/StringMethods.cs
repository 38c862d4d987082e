using System.Globalization;
using System.Numerics;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>Methods of strings, as in Python.</summary>
internal static class StringMethods
{
    private delegate object? Method(string text, Arguments arguments, Budget budget);

    private static readonly Dictionary<string, Method> Methods = new(StringComparer.Ordinal)
    {
        ["strip"] = (s, a, _) => PyText.Strip(s, Characters(a), true, true),
        ["lstrip"] = (s, a, _) => PyText.Strip(s, Characters(a), true, false),
        ["rstrip"] = (s, a, _) => PyText.Strip(s, Characters(a), false, true),
        ["upper"] = (s, a, b) => Plain(a, Built(Casing.Upper(s), b)),
        ["lower"] = (s, a, b) => Plain(a, Built(Casing.Lower(s), b)),
        ["title"] = (s, a, b) => Plain(a, Built(Casing.Title(s), b)),
        ["capitalize"] = (s, a, b) => Plain(a, Built(Casing.Capitalize(s), b)),
        ["startswith"] = (s, a, _) => Affix(a, part => s.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (s, a, _) => Affix(a, part => s.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (s, a, _) => Text(a, 0) is { Length: > 0 } part && s.StartsWith(part, StringComparison.Ordinal)
            ? s[part.Length..] : s,
        ["removesuffix"] = (s, a, _) => Text(a, 0) is { Length: > 0 } part && s.EndsWith(part, StringComparison.Ordinal)
            ? s[..^part.Length] : s,
        ["split"] = (s, a, b) => Splitting.Split(s, a, fromRight: false, b),
        ["rsplit"] = (s, a, b) => Splitting.Split(s, a, fromRight: true, b),
        ["splitlines"] = (s, a, b) =>
            Splitting.List(Splitting.Lines(
                s, a.Bind(0, "keepends")[0] is var keep && keep != Arguments.Missing && Operators.Truth(keep)), b),
        ["partition"] = (s, a, _) => Partition(s, Text(a, 0), s.IndexOf(Text(a, 0), StringComparison.Ordinal), first: true),
        ["rpartition"] = (s, a, _) => Partition(s, Text(a, 0), s.LastIndexOf(Text(a, 0), StringComparison.Ordinal), first: false),
        ["replace"] = (s, a, b) =>
            Replace(s, Text(a, 0), Text(a, 1), a.Positional.Count > 2 ? Operators.Int32(a.Positional[2], "count") : -1, b),
        ["find"] = (s, a, _) => (BigInteger)CodePoints.IndexOf(s, s.IndexOf(Only(a), StringComparison.Ordinal)),
        ["rfind"] = (s, a, _) => (BigInteger)CodePoints.IndexOf(s, Only(a).Length == 0 ? s.Length
            : s.LastIndexOf(Only(a), StringComparison.Ordinal)),
        ["index"] = (s, a, _) => s.IndexOf(Only(a), StringComparison.Ordinal) is >= 0 and var at ? (BigInteger)CodePoints.IndexOf(s, at)
            : throw new RenderException("substring not found"),
        ["count"] = (s, a, _) => (BigInteger)Count(s, Only(a)),
        ["join"] = (s, a, b) => Join(s, Operators.Iterate(a.Bind(1, "iterable")[0], b), b),
        ["format"] = Formatting.Braces,
        ["zfill"] = (s, a, b) => ZeroFill(s, Width(a, s, b)),
        ["ljust"] = (s, a, b) => s + new string(Fill(a), Width(a, s, b)),
        ["rjust"] = (s, a, b) => new string(Fill(a), Width(a, s, b)) + s,
        ["center"] = (s, a, b) => Center(s, Width(a, s, b), Fill(a)),
        ["isdigit"] = (s, a, _) => Plain(a, All(s, r =>
            Rune.GetUnicodeCategory(r) == UnicodeCategory.DecimalDigitNumber
            || (r.IsBmp && CharUnicodeInfo.GetDigitValue((char)r.Value) >= 0))),
        ["isdecimal"] = (s, a, _) => Plain(a, All(s, r => Rune.GetUnicodeCategory(r) == UnicodeCategory.DecimalDigitNumber)),
        ["isnumeric"] = (s, a, _) => Plain(a, All(s, r => Rune.GetNumericValue(r) != -1)),
        ["isalpha"] = (s, a, _) => Plain(a, All(s, Rune.IsLetter)),
        ["isalnum"] = (s, a, _) => Plain(a, All(s, r => Rune.IsLetter(r) || Rune.GetNumericValue(r) != -1)),
        ["isspace"] = (s, a, _) => Plain(a, All(s, r => r.IsBmp && PyText.IsSpace((char)r.Value))),
        ["islower"] = (s, a, _) => Plain(a, IsCase(s, upper: false)),
        ["isupper"] = (s, a, _) => Plain(a, IsCase(s, upper: true)),
        ["istitle"] = (_, _, _) => throw RenderException.Unsupported("the method 'istitle' of str"),
        ["swapcase"] = (_, _, _) => throw RenderException.Unsupported("the method 'swapcase' of str"),
        ["casefold"] = (_, _, _) => throw RenderException.Unsupported("the method 'casefold' of str"),
    };

    internal static object? Find(string text, string name, Budget budget) =>
        Methods.TryGetValue(name, out var method) ? new Callable(name, arguments =>
        {
            budget.Step(1 + text.Length / 64);
            return method(text, arguments, budget);
        }) : Arguments.Missing;

    /// <summary>str.replace; a negative count replaces all.</summary>
    internal static string Replace(string text, string old, string replacement, int count, Budget budget)
    {
        var most = old.Length == 0 ? CodePoints.Length(text) + 1 : Count(text, old);
        if (count >= 0)
            most = Math.Min(most, count);
        budget.Grow(text.Length + (long)most * Math.Max(0, replacement.Length - old.Length));
        var result = new StringBuilder();
        var at = 0;
        for (; most > 0; most--)
        {
            if (old.Length == 0)
            {
                // The empty string is found before every character and at the end.
                result.Append(replacement);
                if (at < text.Length)
                {
                    var length = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
                    result.Append(text, at, length);
                    at += length;
                }
                continue;
            }
            var next = text.IndexOf(old, at, StringComparison.Ordinal);
            result.Append(text, at, next - at).Append(replacement);
            at = next + old.Length;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    internal static string Join(string separator, IReadOnlyList<object?> items, Budget budget)
    {
        var parts = items.Select((item, i) =>
            Operators.Text(item)
                ?? throw new RenderException($"sequence item {i}: expected str instance, {PyText.TypeName(item)} found")).ToList();
        budget.Grow(parts.Sum(part => (long)part.Length + separator.Length));
        return string.Join(separator, parts);
    }

    internal static bool IsCase(string text, bool upper)
    {
        var cased = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Casing.IsCased(rune))
                continue;
            cased = true;
            if (upper != (Rune.GetUnicodeCategory(rune) == UnicodeCategory.UppercaseLetter))
                return false;
        }
        return cased;
    }

    internal static string Center(string text, int padding, char fill)
    {
        // CPython puts the odd one left when the width is odd too.
        var left = padding / 2 + (padding & (CodePoints.Length(text) + padding) & 1);
        return new string(fill, left) + text + new string(fill, padding - left);
    }

    private static int Count(string text, string part)
    {
        if (part.Length == 0)
            return CodePoints.Length(text) + 1;
        var count = 0;
        for (var at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
            count++;
        return count;
    }

    private static string Built(string text, Budget budget)
    {
        budget.Grow(text.Length);
        return text;
    }

    private static object? Plain(Arguments arguments, object? result)
    {
        arguments.Bind(0);
        return result;
    }

    private static string? Characters(Arguments arguments) =>
        arguments.Bind(0, "chars")[0] is var value && (value == Arguments.Missing || value is null) ? null
        : Operators.Text(value) ?? throw new RenderException($"{arguments.Function} arg must be None or str");

    private static string Text(Arguments arguments, int index)
    {
        if (arguments.Named.Count > 0)
            throw RenderException.Unsupported($"a named argument of {arguments.Function}()");
        var value = index < arguments.Positional.Count ? arguments.Positional[index]
            : throw new RenderException($"{arguments.Function}() misses an argument");
        Operators.Defined(value);
        return Operators.Text(value)
            ?? throw new RenderException($"{arguments.Function}() argument {index + 1} must be str, not {PyText.TypeName(value)}");
    }

    private static string Only(Arguments arguments) =>
        arguments.Positional.Count <= 1 ? Text(arguments, 0) : throw RenderException.Unsupported($"{arguments.Function}() with a start");

    private static object? Affix(Arguments arguments, Func<string, bool> matches)
    {
        if (arguments.Positional is [Sequence { Kind: SequenceKind.Tuple } tuple])
            return tuple.Items.Any(part =>
                matches(Operators.Text(part) ?? throw new RenderException($"tuple for {arguments.Function} must only contain str")));
        return matches(Only(arguments));
    }

    private static Sequence Partition(string text, string separator, int at, bool first)
    {
        if (separator.Length == 0)
            throw new RenderException("empty separator");
        if (at < 0)
            return first ? Sequence.Tuple(text, "", "") : Sequence.Tuple("", "", text);
        return Sequence.Tuple(text[..at], separator, text[(at + separator.Length)..]);
    }

    private static int Width(Arguments arguments, string text, Budget budget)
    {
        var padding = Math.Max(0, (arguments.Positional.Count > 0 ? Operators.Int32(arguments.Positional[0], "width")
            : throw new RenderException($"{arguments.Function}() misses its width")) - CodePoints.Length(text));
        budget.Grow(padding);
        return padding;
    }

    private static char Fill(Arguments arguments) => arguments.Positional.Count < 2 ? ' '
        : Operators.Text(arguments.Positional[1]) is { Length: 1 } fill ? fill[0]
            : throw new RenderException("The fill character must be exactly one character long");

    private static string ZeroFill(string text, int padding)
    {
        var sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return text[..sign] + new string('0', padding) + text[sign..];
    }

    private static bool All(string text, Func<Rune, bool> condition) => text.Length > 0 && text.EnumerateRunes().All(condition);
}
