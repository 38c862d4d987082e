using System.CommandLine.Parsing;

namespace LightReasoner.DevCluster.Node;

/// <summary>The images that the node knows: names of local commands.</summary>
internal sealed class ImageCatalog(IReadOnlyDictionary<string, string> images)
{
    /// <summary>
    /// The image's entry point, null for an unknown image; empty for one without an entry point. Neither digest nor tag need be known,
    /// nor the default registry.
    /// </summary>
    public IReadOnlyList<string>? EntryPoint(string image)
    {
        var bare = image.Split('@')[0];
        var tag = bare.LastIndexOf(':');
        var command = new[] { image, bare, tag > bare.LastIndexOf('/') ? bare[..tag] : bare }
            .SelectMany(n => new[] { n, n.Replace("docker.io/library/", ""), n.Replace("docker.io/", "") })
            .Select(n => images.GetValueOrDefault(n)).FirstOrDefault(c => c is not null);
        return command is null ? null : [.. CommandLineParser.SplitCommandLine(command)];
    }
}
