using System.Collections;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LightReasoner.Api;

/// <summary>
/// Takes secrets out of what leaves a program: messages, events, logs, run.json, reports. A secret is the user info of an address, the
/// query of a web address that is signed or holds something token-like, a well-known form of token, and the value of an environment
/// variable that is named like a secret.
/// </summary>
/// <param name="secrets">Values to replace wherever they occur; those under 8 characters are left, since they would match ordinary
/// words.</param>
public sealed partial class Redactor(IEnumerable<string> secrets)
{
    /// <summary>Stands for what was taken out.</summary>
    public const string Mark = "REDACTED";

    private const int ShortestSecret = 8, ShortestToken = 16;

    private readonly string[] _secrets =
    [
        .. secrets.Where(secret => secret.Length >= ShortestSecret).SelectMany(secret => new[] { secret, Uri.EscapeDataString(secret) })
            .Distinct().OrderByDescending(secret => secret.Length),
    ];

    /// <summary>Knows the secrets of this process's environment, as they were when it was first used.</summary>
    public static Redactor OfProcess { get; } = Of(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(e => ((string)e.Key, (string?)e.Value ?? "")));

    /// <summary>Knows the values of variables that are named like secrets. A path is none: it names the file that holds one.</summary>
    public static Redactor Of(IEnumerable<(string Name, string Value)> variables) => new(
        variables.Where(v => SecretVariable().IsMatch(v.Name) && !v.Value.StartsWith('/')).SelectMany(v => Parts(v.Value.Trim())));

    /// <summary>The text without secrets.</summary>
    public string Redact(string text)
    {
        foreach (var secret in _secrets) text = text.Replace(secret, Mark, StringComparison.Ordinal);
        text = UserInfo().Replace(text, Mark + "@");
        text = Query().Replace(text, match => Pairs(match.Groups["query"].Value).Any(IsSecret)
            ? $"{match.Groups["path"].Value}?{Mark}" : match.Value);
        text = Assignment().Replace(text, match => $"{match.Groups["name"].Value}={Mark}");
        text = Authorization().Replace(text, match => match.Groups["scheme"].Value + Mark);
        return Token().Replace(text, Mark);
    }

    /// <summary>
    /// A copy of a JSON document without secrets in its strings, and without literal values of environment variables (<c>env: [{name,
    /// value}]</c>).
    /// </summary>
    public JsonNode? Redact(JsonNode? node) => node switch
    {
        JsonObject map =>
            new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, p is { Key: "env", Value: JsonArray env }
            ? WithoutValues(env) : Redact(p.Value)))),
        JsonArray array => new JsonArray([.. array.Select(Redact)]),
        JsonValue value when value.TryGetValue(out string? text) => Redact(text),
        _ => node?.DeepClone(),
    };

    private JsonArray WithoutValues(JsonArray env) => new([.. env.Select(entry =>
    {
        var copy = Redact(entry);
        if (copy is JsonObject variable && variable.ContainsKey("value")) variable["value"] = Mark;
        return copy;
    })]);

    /// <summary>A connection string is known by the secrets in it, too.</summary>
    private static IEnumerable<string> Parts(string value) =>
        value.Split(';').Where(part => part.Contains('=')).Select(part => part[(part.IndexOf('=') + 1)..])
        .Where(part => part.Length >= ShortestToken && !part.Contains("://", StringComparison.Ordinal)).Append(value)
            .Append(value.TrimStart('?'));

    private static IEnumerable<(string Name, string Value)> Pairs(string query) =>
        Separator().Split(query).Select(pair => pair.Split('=', 2) switch
    {
        [var name, var value] => (name, value),
        var alone => ("", alone[0]),
    });

    private static bool IsSecret((string Name, string Value) pair) =>
        pair.Value != Mark && (pair.Value.Length >= ShortestToken || (pair.Value.Length > 0 && SecretParameter().IsMatch(pair.Name)));

    [GeneratedRegex("token|secret|passw|pwd|credential|api_?key|access_?key|account_?key|storage_key|connection_?string|signature|"
        + "(^|_)(sas|auth)(_|$)|authorization", RegexOptions.IgnoreCase)]
    private static partial Regex SecretVariable();

    [GeneratedRegex("sig|token|secret|pass|pwd|key|auth|cred|code|session|jwt|^x-amz-|^x-goog-", RegexOptions.IgnoreCase)]
    private static partial Regex SecretParameter();

    // Up to the last @ of the authority; in a web address also a password with a slash in it, which a port cannot have.
    [GeneratedRegex("""(?<=://)[^\s/?#"'<>\\]+@|(?<=https?://)(?!\[)[^\s/:@"'<>]*:(?!\d{1,5}(?:[/?#\s"']|$))[^\s"'<>]*@""",
        RegexOptions.IgnoreCase)]
    private static partial Regex UserInfo();

    // JSON may write & as \u0026.
    [GeneratedRegex("""(?<path>https?://[^\s"'<>?\\]*)\?(?<query>(?:\\u0026|[^\s"'<>\\])*(?:\\u0026|[^\s"'<>\\:;,.)\]}]))""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Query();

    [GeneratedRegex(@"&|;|\\u0026")]
    private static partial Regex Separator();

    [GeneratedRegex("""\b(?<name>sig|accountkey|sharedaccesssignature|password|passwd|pwd|secret|access_?token|api[-_]?key|"""
        + """x-amz-[\w-]+|x-goog-[\w-]+)=(?!REDACTED)[^&;\s"'<>\\]+""", RegexOptions.IgnoreCase)]
    private static partial Regex Assignment();

    [GeneratedRegex("""(?<scheme>\bBearer\s+|\bauthorization["']?\s*[:=]\s*["']?(?:basic\s+|bearer\s+)?)[^\s"'<>,;]{8,}""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Authorization();

    [GeneratedRegex(@"\b(?:hf_[A-Za-z0-9]{10,}|gh[pousr]_[A-Za-z0-9]{20,}|(?:AKIA|ASIA)[A-Z0-9]{12,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*)")]
    private static partial Regex Token();
}
