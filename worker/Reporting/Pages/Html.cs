using System.Globalization;
using System.Net;

namespace LightReasoner.Worker.Reporting.Pages;

/// <summary>A piece of a page. What an interpolated string puts in is escaped, unless it is a piece itself.</summary>
/// <param name="Text">The markup.</param>
internal readonly record struct Html(string Text)
{
    public static Html Empty { get; } = new("");

    public static Html Of(FormattableString markup) => new(markup.ToString(Escaping.Instance));

    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(piece => piece.Text)));

    public override string ToString() => Text;

    private sealed class Escaping : IFormatProvider, ICustomFormatter
    {
        public static Escaping Instance { get; } = new();

        public object? GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : null;

        public string Format(string? format, object? arg, IFormatProvider? formatProvider) => arg switch
        {
            Html html => html.Text,
            IEnumerable<Html> pieces => Join(pieces).Text,
            IFormattable number => WebUtility.HtmlEncode(number.ToString(format, CultureInfo.InvariantCulture)),
            _ => WebUtility.HtmlEncode(arg?.ToString() ?? ""),
        };
    }
}
