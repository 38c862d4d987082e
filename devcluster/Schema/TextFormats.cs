using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace LightReasoner.DevCluster.Schema;

/// <summary>The formats of strings that custom resources are checked for; others mean nothing.</summary>
internal static partial class TextFormats
{
    public static bool Fits(string text, string? format) => format switch
    {
        "date-time" => Validation.IsDateTime(text),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
        "duration" => Duration().IsMatch(text),
        "byte" => text.Length % 4 == 0 && Base64().IsMatch(text),
        "email" => MailAddress.TryCreate(text, out _),
        "hostname" => text.Length <= 253 && HostName().IsMatch(text),
        "ipv4" => IPAddress.TryParse(text, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && text.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(text, out var v6) && v6.AddressFamily == AddressFamily.InterNetworkV6,
        "cidr" => text.Contains('/') && IPNetwork.TryParse(text, out _),
        "mac" => Mac().IsMatch(text),
        "uuid" => Uuid().IsMatch(text),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "hexcolor" => HexColor().IsMatch(text),
        _ => true,
    };

    [GeneratedRegex(@"\A(\d+(\.\d+)?\s*(ns|us|µs|ms|s|m|h|d|w|nano|micro|milli|sec|min|hour|day|week)s?\s*)+\z")]
    private static partial Regex Duration();

    [GeneratedRegex(@"\A[A-Za-z0-9+/]*={0,2}\z")]
    private static partial Regex Base64();

    [GeneratedRegex(@"\A([A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?)*\z")]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}([:-][0-9A-Fa-f]{2}){0,2}\z")]
    private static partial Regex Mac();

    [GeneratedRegex(@"\A[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}\z")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\A#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})\z")]
    private static partial Regex HexColor();
}
