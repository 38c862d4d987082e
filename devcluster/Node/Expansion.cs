namespace LightReasoner.DevCluster.Node;

/// <summary>References to variables in command, args and env values, as Kubernetes writes them.</summary>
internal static partial class Expansion
{
    [GeneratedRegex(@"\$(\$|\(([^)]*)\))")]
    private static partial Regex Reference();

    /// <summary><c>$(NAME)</c> becomes the variable's value, <c>$$</c> a single dollar; an unknown name stays as it is written.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables) => Reference().Replace(text,
        m => m.Value == "$$" ? "$" : variables.GetValueOrDefault(m.Groups[2].Value, m.Value));
}

/// <summary>
/// Maps the paths that a container sees to where they really lie, since a local process has no mounts of its own. A path counts
/// only as a whole: <c>/data</c> is found in <c>file:///data/x</c> and <c>--out=/data</c>, not in <c>/database</c> or <c>/my/data</c>.
/// </summary>
internal sealed class PathMap
{
    private readonly IReadOnlyDictionary<string, string> real;
    private readonly Regex? pattern;

    public PathMap(IReadOnlyDictionary<string, string> mounts)
    {
        real = mounts.Where(m => m.Key.Length > 1).ToDictionary(m => m.Key.TrimEnd('/'), m => m.Value);
        if (real.Count == 0) return;
        var paths = string.Join('|', real.Keys.OrderByDescending(k => k.Length).Select(Regex.Escape));
        pattern = new Regex($"(?:(?<![A-Za-z0-9._/-])|(?<=[a-z]://))(?:{paths})(?![A-Za-z0-9._-])", RegexOptions.CultureInvariant);
    }

    public string Rewrite(string text) =>
        pattern is null ? text : pattern.Replace(text, m => real[m.Value]);
}
