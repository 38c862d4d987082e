using System.Net;
using System.Runtime.CompilerServices;

namespace LightReasoner.Worker.Reporting;

/// <summary>A piece of a page, written as an interpolated string. What that puts in is escaped, unless it is a piece itself.</summary>
[InterpolatedStringHandler]
internal readonly struct Html(int literalLength, int formattedCount)
{
    private readonly StringBuilder _markup = new(literalLength + 8 * formattedCount);

    public static Html Empty => default;

    public string Text => $"{_markup}";

    /// <summary>Says that an interpolated string is markup, where the compiler would take it for text.</summary>
    public static Html Of(Html markup) => markup;

    public static Html Raw(string markup)
    {
        var html = new Html(markup.Length, 0);
        html.AppendLiteral(markup);
        return html;
    }

    public static Html Join(IEnumerable<Html> pieces) => Of($"{pieces}");

    public void AppendLiteral(string markup) => _markup.Append(markup);

    public void AppendFormatted<T>(T value, string? format = null)
    {
        if (value is Html piece) _markup.Append(piece._markup);
        else if (value is IEnumerable<Html> pieces)
            foreach (var one in pieces) _markup.Append(one._markup);
        else _markup.Append(WebUtility.HtmlEncode(value is IFormattable formattable ? formattable.ToString(format, null)
            : value?.ToString()));
    }
}
