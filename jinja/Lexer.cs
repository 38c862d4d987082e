using System.Globalization;

namespace LightReasoner.Jinja;

/// <summary>
/// Cuts a template into tokens as Jinja2 does with trim_blocks and lstrip_blocks: the first newline after a block is dropped, white
/// space before a block on its line too, and '-' or '+' beside a delimiter overrule both.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
        ">", "<", "=", ".", ":", "|", ",", ";",
    ];

    private readonly string _source;
    private readonly string _name;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private bool _lineStarting = true;

    private Lexer(string source, string name)
    {
        // Only these three end a line for Jinja2; string.ReplaceLineEndings knows more.
        _source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (_source.EndsWith('\n'))
            _source = _source[..^1];
        _name = name;
    }

    internal static List<Token> Tokenize(string source, string name)
    {
        var lexer = new Lexer(source, name);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_position < _source.Length)
        {
            var start = NextDelimiter();
            if (start < 0)
            {
                Data(_source[_position..]);
                break;
            }
            Open(start);
        }
        _tokens.Add(new Token(TokenKind.End, "", _line));
    }

    private int NextDelimiter()
    {
        for (var at = _position; (at = _source.IndexOf('{', at)) >= 0 && at + 1 < _source.Length; at++)
        {
            if (_source[at + 1] is '{' or '%' or '#')
                return at;
        }
        return -1;
    }

    private void Open(int start)
    {
        var text = _source[_position..start];
        var kind = _source[start + 1];
        var sign = start + 2 < _source.Length ? _source[start + 2] : '\0';
        var signed = sign is '-' or '+';
        var after = start + 2 + (signed ? 1 : 0);
        Data(Strip(text, sign, lstrip: kind != '{'), Lines(text));
        _position = after;
        switch (kind)
        {
            case '#':
                var end = _source.IndexOf("#}", after, StringComparison.Ordinal);
                if (end < 0)
                    throw Error("a comment is not closed by '#}'");
                var last = end > after ? _source[end - 1] : '\0';
                _position = end + 2;
                Close(start, last is '-' or '+' ? last : '\0', trim: true);
                break;
            case '%' when RawBegin(after) is >= 0 and var body:
                _line += Lines(_source.AsSpan(start..body));
                Raw(body);
                break;
            case '%':
                _line += Lines(_source.AsSpan(start..after));
                _tokens.Add(new Token(TokenKind.BlockBegin, "{%", _line));
                Expression("%}", TokenKind.BlockEnd);
                break;
            default:
                _tokens.Add(new Token(TokenKind.VariableBegin, "{{", _line));
                Expression("}}", TokenKind.VariableEnd);
                break;
        }
    }

    private void Data(string text, int? lines = null)
    {
        if (text.Length > 0)
            _tokens.Add(new Token(TokenKind.Data, text, _line));
        _line += lines ?? Lines(text);
    }

    /// <summary>The text before a delimiter without the white space that the delimiter takes.</summary>
    private string Strip(string text, char sign, bool lstrip)
    {
        if (sign == '-')
            return PyText.Strip(text, null, left: false, right: true);
        if (sign == '+' || !lstrip)
            return text;
        var lineStart = text.LastIndexOf('\n') + 1;
        if (lineStart == 0 && !_lineStarting)
            return text;
        return text.AsSpan(lineStart).ContainsAnyExcept(PyText.WhiteSpace) ? text : text[..lineStart];
    }

    /// <summary>Moves over the white space after a closing delimiter; _position is behind the delimiter.</summary>
    private void Close(int from, char sign, bool trim)
    {
        if (sign == '-')
        {
            while (_position < _source.Length && PyText.IsSpace(_source[_position]))
                _position++;
        }
        else if (sign != '+' && trim && _position < _source.Length && _source[_position] == '\n')
        {
            _position++;
        }
        _line += Lines(_source.AsSpan(from.._position));
        _lineStarting = _source[_position - 1] == '\n';
    }

    /// <summary>Where the text of a raw block begins, if one is opened here; else -1.</summary>
    private int RawBegin(int at)
    {
        at = SkipSpace(at);
        if (string.CompareOrdinal(_source, at, "raw", 0, 3) != 0)
            return -1;
        at = SkipSpace(at + 3);
        if (string.CompareOrdinal(_source, at, "-%}", 0, 3) == 0)
            return SkipSpace(at + 3);
        return string.CompareOrdinal(_source, at, "%}", 0, 2) == 0 ? at + 2 : -1;
    }

    private void Raw(int body)
    {
        _lineStarting = _source[body - 1] == '\n';
        for (var at = body; (at = _source.IndexOf("{%", at, StringComparison.Ordinal)) >= 0; at += 2)
        {
            var sign = at + 2 < _source.Length ? _source[at + 2] : '\0';
            var word = SkipSpace(at + 2 + (sign is '-' or '+' ? 1 : 0));
            if (string.CompareOrdinal(_source, word, "endraw", 0, 6) != 0)
                continue;
            var end = SkipSpace(word + 6);
            var endSign = end < _source.Length && _source[end] is '-' or '+' ? _source[end++] : '\0';
            if (string.CompareOrdinal(_source, end, "%}", 0, 2) != 0)
                continue;
            var text = _source[body..at];
            Data(Strip(text, sign, lstrip: true), Lines(text));
            _position = end + 2;
            Close(at, endSign, trim: true);
            return;
        }
        throw Error("a raw block is not closed by '{% endraw %}'");
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PyText.IsSpace(_source[at]))
            at++;
        return at;
    }

    /// <summary>The tokens up to the closing delimiter, which does not count while a bracket is open.</summary>
    private void Expression(string close, TokenKind kind)
    {
        var open = new Stack<char>();
        while (true)
        {
            if (_position >= _source.Length)
                throw Error($"'{(kind == TokenKind.BlockEnd ? "{%" : "{{")}' is not closed by '{close}'");
            if (open.Count == 0 && TryClose(close, kind))
                return;
            var c = _source[_position];
            if (PyText.IsSpace(c))
            {
                _line += c == '\n' ? 1 : 0;
                _position++;
            }
            else if (char.IsAsciiDigit(c))
                Number();
            else if (IsWord(c))
                Name();
            else if (c is '\'' or '"')
                String(c);
            else
                Operator(open);
        }
    }

    private bool TryClose(string close, TokenKind kind)
    {
        var sign = _source[_position] is '-' or '+' ? _source[_position] : '\0';
        var at = _position + (sign == '\0' ? 0 : 1);
        if (sign == '+' && kind == TokenKind.VariableEnd || string.CompareOrdinal(_source, at, close, 0, 2) != 0)
            return false;
        _tokens.Add(new Token(kind, close, _line));
        var from = _position;
        _position = at + 2;
        Close(from, sign, trim: kind == TokenKind.BlockEnd);
        return true;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private void Name()
    {
        var start = _position;
        while (_position < _source.Length && IsWord(_source[_position]))
            _position++;
        _tokens.Add(new Token(TokenKind.Name, _source[start.._position], _line));
    }

    private void Number()
    {
        var start = _position;
        if (_source[_position] == '0' && _position + 2 < _source.Length
            && char.ToLowerInvariant(_source[_position + 1]) is 'x' or 'o' or 'b')
            throw Error("a number in base 2, 8 or 16 is not supported");
        Digits();
        var isFloat = false;
        // After a dot ('a.0.1') a number is an index, so no fraction follows.
        var index = start > 0 && _source[start - 1] == '.';
        if (!index && Digit(_position + 1) && _source[_position] == '.')
        {
            isFloat = true;
            _position++;
            Digits();
        }
        if (!index && _position < _source.Length && _source[_position] is 'e' or 'E')
        {
            var exponent = _position + 1 + (_position + 1 < _source.Length && _source[_position + 1] is '+' or '-' ? 1 : 0);
            if (Digit(exponent))
            {
                isFloat = true;
                _position = exponent;
                Digits();
            }
        }
        var text = _source[start.._position].Replace("_", "", StringComparison.Ordinal);
        if (text.Length > 4300)
            throw Error("a number has too many digits");
        _tokens.Add(new Token(isFloat ? TokenKind.Float : TokenKind.Integer, text, _line));

        bool Digit(int at) => at < _source.Length && char.IsAsciiDigit(_source[at]);

        void Digits()
        {
            while (Digit(_position) || (_position < _source.Length && _source[_position] == '_' && Digit(_position + 1)))
                _position++;
        }
    }

    private void String(char quote)
    {
        var end = _position + 1;
        while (end < _source.Length && _source[end] != quote)
            end += _source[end] == '\\' ? 2 : 1;
        if (end >= _source.Length)
            throw Error("a string is not closed");
        var line = _line;
        var raw = _source[(_position + 1)..end];
        _line += Lines(raw);
        _position = end + 1;
        _tokens.Add(new Token(TokenKind.String, StringEscapes.Unescape(raw, reason => new TemplateException(_name, line, reason)), line));
    }

    private void Operator(Stack<char> open)
    {
        foreach (var text in Operators)
        {
            if (string.CompareOrdinal(_source, _position, text, 0, text.Length) != 0)
                continue;
            if (text is "(" or "[" or "{")
                open.Push(text switch { "(" => ')', "[" => ']', _ => '}' });
            else if (text is ")" or "]" or "}" && (!open.TryPop(out var expected) || expected != text[0]))
                throw Error($"unexpected '{text}'");
            _tokens.Add(new Token(TokenKind.Operator, text, _line));
            _position += text.Length;
            return;
        }
        throw Error($"unexpected character '{_source[_position]}'");
    }

    private static int Lines(ReadOnlySpan<char> text) => text.Count('\n');

    private TemplateException Error(string reason) => new(_name, _line, reason);
}
