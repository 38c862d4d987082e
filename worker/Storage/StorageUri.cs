namespace LightReasoner.Worker.Storage;

/// <summary>
/// A URI taken apart. One rule holds for every scheme: <c>%XX</c> is a byte of UTF-8 wherever it stands, and everything else is itself. A
/// path without a scheme is a place on this machine, every character of it itself.
/// </summary>
/// <param name="Scheme">file, az, s3, hf, http or https.</param>
/// <param name="Root">All before the path: <c>az://container</c>, <c>hf://org/name@revision</c>, <c>https://host</c>,
/// <c>file://</c>.</param>
/// <param name="Path">What follows, as it was written, without the slash that divides it from the root (which a file's path keeps).</param>
/// <param name="Query">Query of a web address with its question mark; elsewhere a question mark is a glob.</param>
internal sealed partial record StorageUri(string Scheme, string Root, string Path, string Query)
{
    public bool IsWeb => Scheme is "http" or "https";

    /// <summary>Where the first glob of the path is; -1 for none.</summary>
    public int Glob => Path.AsSpan().IndexOfAny(IsWeb ? "*" : "*?");

    public string Name => Uri.UnescapeDataString(Path);

    public override string ToString() => (Scheme == "file" || Path.Length == 0 ? Root + Path : $"{Root}/{Path}") + Query;

    /// <exception cref="WorkerException">The scheme is unknown, or the URI is incomplete.</exception>
    public static StorageUri Parse(string text)
    {
        if (!text.Contains("://", StringComparison.Ordinal))
            return new("file", "file://", System.IO.Path.GetFullPath(text).Replace("%", "%25", StringComparison.Ordinal), "");
        var match = Form().Match(text);
        string scheme = match.Groups["scheme"].Value, root = match.Groups["root"].Value, path = match.Groups["path"].Value,
            query = match.Groups["query"].Value;
        if (!match.Success) throw new WorkerException(ExitCode.BadManifest,
            text[..text.IndexOf("://", StringComparison.Ordinal)] is "az" or "s3" or "hf" or "http" or "https" or "file"
            ? $"{text}: {Remedy(text)}" : $"{text}: this scheme is not known; use az://, s3://, hf://, https:// or file://");
        if (scheme != "file") return new(scheme, root, path, query);
        // file://./x is our own extension: a place relative to the working directory, as a container image sets it.
        if (path.StartsWith("./", StringComparison.Ordinal))
            path = System.IO.Path.GetFullPath(".").Replace("%", "%25", StringComparison.Ordinal) + path[1..];
        return new(scheme, root, path, "");
    }

    /// <summary>A name as it stands in a URI: its <c>%</c>, globs and <c>#</c> are escaped.</summary>
    public static string Escape(string name) => Special().Replace(name, c => Uri.HexEscape(c.Value[0]));

    private static string Remedy(string text) => text[..2] switch
    {
        "az" => "must name a container (az://container/path)",
        "s3" => "must name a bucket (s3://bucket/path)",
        "hf" => "must have the form hf://org/name[@revision][/path], or hf://datasets/org/name[@revision][/path]",
        "fi" => "a file URI has three slashes and an absolute path (file:///data/x), or starts with file://./",
        _ => "must name a host (https://host/path)",
    };

    // A revision has no slash (written as %2F), but for the hub's own refs.
    [GeneratedRegex("""
        ^(?:(?<root>(?<scheme>az|s3)://[^/]+)(?:/(?<path>.*))?
        |(?<root>(?<scheme>https?)://[^/?\#]+)(?:/(?<path>[^?\#]*))?(?<query>\?[^\#]*)?(?:\#.*)?
        |(?<root>(?<scheme>hf)://(?:datasets/|models/)?(?!(?:datasets|models|spaces)/)[\w.-]+/[\w.-]+
            (?:@(?:refs/(?:pr/\d+|convert/\w+)|[^/@]+))?)(?:/(?<path>.*))?
        |(?<root>(?<scheme>file)://)(?<path>\.?/.*))$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex("[%*?#]")]
    private static partial Regex Special();
}
