using System.Globalization;
using System.Numerics;
using System.Text;

namespace LightReasoner.Jinja;

/// <summary>The filter tojson of chat templates: Python's json.dumps with ensure_ascii off.</summary>
internal sealed class JsonText(bool ensureAscii, string? indent, string itemSeparator, string keySeparator, bool sortKeys, Budget budget)
{
    private readonly StringBuilder _result = new();

    internal static string Dump(object? value, Arguments arguments, Budget budget)
    {
        var bound = arguments.Bind(0, "ensure_ascii", "indent", "separators", "sort_keys");
        var indent = bound[1] switch
        {
            string text => text,
            var missing when missing == Arguments.Missing || missing is null => null,
            var number => new string(' ', Math.Clamp(Operators.Int32(number, "indent"), 0, 1000)),
        };
        var (item, key) = (indent is null ? ", " : ",", ": ");
        if (bound[2] is Sequence { Items: [string first, string second] })
            (item, key) = (first, second);
        else if (bound[2] is not null && bound[2] != Arguments.Missing)
            throw new RenderException("tojson: separators must be two strings");
        var json = new JsonText(Flag(bound[0]), indent, item, key, sortKeys: Flag(bound[3]), budget);
        json.Write(value, 0);
        return json._result.ToString();

        static bool Flag(object? value) => value != Arguments.Missing && Operators.Truth(value);
    }

    private void Write(object? value, int depth)
    {
        Budget.CheckStack();
        budget.Step();
        var before = _result.Length;
        switch (value)
        {
            case null: _result.Append("null"); break;
            case bool flag: _result.Append(flag ? "true" : "false"); break;
            case BigInteger number: _result.Append(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: _result.Append(Float(number)); break;
            case string text: Quote(text); break;
            case SafeText text: Quote(text.Value); break;
            case Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } list:
                Enclose('[', ']', list.Items, item => Write(item, depth + 1), depth);
                return;
            case Dict dict:
                var items = dict.Items.Select(item => (Key: Key(item.Key), item.Value)).ToList();
                if (sortKeys)
                    items.Sort((a, b) => CodePoints.Compare(a.Key, b.Key));
                Enclose('{', '}', items, item =>
                {
                    Quote(item.Key);
                    _result.Append(keySeparator);
                    Write(item.Value, depth + 1);
                }, depth);
                return;
            default:
                throw new RenderException($"Object of type {PyText.TypeName(value)} is not JSON serializable");
        }
        budget.Grow(_result.Length - before);
    }

    private void Enclose<T>(char open, char close, IReadOnlyList<T> items, Action<T> write, int depth)
    {
        _result.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                _result.Append(itemSeparator);
            NewLine(depth + 1);
            write(items[i]);
        }
        if (items.Count > 0)
            NewLine(depth);
        _result.Append(close);
        budget.Grow(items.Count * 4L);
    }

    private void NewLine(int depth)
    {
        if (indent is null)
            return;
        budget.Grow((long)indent.Length * depth);
        _result.Append('\n').Insert(_result.Length, indent, depth);
    }

    private string Key(object? key) => key switch
    {
        string text => text,
        SafeText text => text.Value,
        null => "null",
        bool flag => flag ? "true" : "false",
        double number => Float(number),
        BigInteger number => number.ToString(CultureInfo.InvariantCulture),
        _ => throw new RenderException($"keys must be str, int, float, bool or None, not {PyText.TypeName(key)}"),
    };

    private static string Float(double number) => number switch
    {
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => PyText.Float(number),
    };

    private void Quote(string text)
    {
        _result.Append('"');
        foreach (var c in text)
        {
            switch (c)
            {
                case '"': _result.Append("\\\""); break;
                case '\\': _result.Append("\\\\"); break;
                case '\n': _result.Append("\\n"); break;
                case '\r': _result.Append("\\r"); break;
                case '\t': _result.Append("\\t"); break;
                case '\b': _result.Append("\\b"); break;
                case '\f': _result.Append("\\f"); break;
                case < ' ':
                case > '~' when ensureAscii:
                    if (c == '\x7f')
                        goto default;
                    _result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    break;
                default: _result.Append(c); break;
            }
        }
        _result.Append('"');
        budget.Grow(text.Length);
    }
}
