using System.Text.RegularExpressions;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>What an <c>hf://</c> URI names: <c>hf://org/name[@revision][/path]</c> for models, <c>hf://datasets/org/name[@revision][/path]</c> for data sets.</summary>
/// <param name="Type"><c>models</c> or <c>datasets</c>.</param>
/// <param name="Id"><c>org/name</c>.</param>
/// <param name="Revision">Branch, tag or commit.</param>
/// <param name="Folder">Path in the repository, without slashes at its ends; may be empty.</param>
internal sealed partial record HubRepository(string Type, string Id, string Revision, string Folder)
{
    public const string Scheme = "hf://";

    /// <summary>The URI that names it again.</summary>
    public string Uri => Scheme + (Type == "datasets" ? "datasets/" : "") + Id + (Revision == "main" ? "" : "@" + Revision.Replace("/", "%2F", StringComparison.Ordinal))
        + (Folder.Length == 0 ? "" : "/" + Folder);

    /// <summary>Address of its files, below the endpoint.</summary>
    public string FilesPath => Type == "datasets" ? $"datasets/{Id}" : Id;

    /// <summary>Name of its folder in the hub's cache.</summary>
    public string CacheName => $"{Type}--{Id.Replace("/", "--", StringComparison.Ordinal)}";

    /// <exception cref="WorkerException">The URI has another form.</exception>
    public static HubRepository Parse(string uri)
    {
        Match match = Form().Match(uri);
        if (!match.Success)
            throw new WorkerException(ExitCode.BadManifest, $"{uri}: must have the form hf://org/name[@revision][/path], or hf://datasets/org/name[@revision][/path]");
        string revision = match.Groups["revision"] is { Success: true } given ? System.Uri.UnescapeDataString(given.Value) : "main";
        return new HubRepository(match.Groups["datasets"].Success ? "datasets" : "models", match.Groups["id"].Value, revision, match.Groups["folder"].Value.Trim('/'));
    }

    /// <summary>Whether a text has the form <c>org/name</c>.</summary>
    public static bool IsId(string text) => Form().IsMatch(Scheme + text) && text.Count(c => c is '/' or '@') == 1;

    // A revision has no slash (written as %2F), but for the hub's own refs.
    [GeneratedRegex(@"^hf://(?:(?<datasets>datasets/)|models/)?(?<id>(?!(?:datasets|models|spaces)/)[\w.-]+/[\w.-]+)(?:@(?<revision>refs/(?:pr/\d+|convert/\w+)|[^/@]+))?(?<folder>/.*)?$")]
    private static partial Regex Form();
}
