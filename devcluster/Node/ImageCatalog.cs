using System.Text;

namespace LightReasoner.DevCluster.Node;

/// <summary>The images that the node knows: names of local commands.</summary>
internal sealed class ImageCatalog(IReadOnlyDictionary<string, string> images)
{
    /// <summary>The image's entry point, null for an unknown image; empty for one without an entry point.</summary>
    public IReadOnlyList<string>? EntryPoint(string image)
    {
        foreach (var name in Names(image))
        {
            if (images.TryGetValue(name, out var command)) return Split(command);
        }
        return null;
    }

    /// <summary>Splits a command line at blanks; quotes hold blanks together.</summary>
    public static IReadOnlyList<string> Split(string command)
    {
        var parts = new List<string>();
        var part = new StringBuilder();
        char? quote = null;
        var started = false;
        foreach (var c in command)
        {
            if (quote is null && c is '\'' or '"')
            {
                quote = c;
                started = true;
            }
            else if (c == quote)
            {
                quote = null;
            }
            else if (quote is null && char.IsWhiteSpace(c))
            {
                if (started) parts.Add(part.ToString());
                part.Clear();
                started = false;
            }
            else
            {
                part.Append(c);
                started = true;
            }
        }
        if (started) parts.Add(part.ToString());
        return parts;
    }

    /// <summary>The name as written, without digest, without tag; each also without the default registry.</summary>
    private static IEnumerable<string> Names(string image)
    {
        var names = new List<string> { image };
        var bare = image.Split('@')[0];
        names.Add(bare);
        var tag = bare.LastIndexOf(':');
        if (tag > bare.LastIndexOf('/')) names.Add(bare[..tag]);
        foreach (var name in names)
        {
            yield return name;
            foreach (var registry in (string[])["docker.io/library/", "docker.io/"])
            {
                if (name.StartsWith(registry, StringComparison.Ordinal)) yield return name[registry.Length..];
            }
        }
    }
}
