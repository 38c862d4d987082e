namespace LightReasoner.Worker.Storage;

/// <summary>What an <c>hf://[datasets/]org/name[@revision][/path]</c> URI names.</summary>
/// <param name="Type"><c>models</c> or <c>datasets</c>.</param>
/// <param name="Id"><c>org/name</c>.</param>
/// <param name="Folder">Path in the repository, without slashes at its ends; may be empty.</param>
internal sealed partial record HubRepository(string Type, string Id, string Revision, string Folder)
{
    public const string Scheme = "hf://";

    /// <summary>The URI that names it again.</summary>
    public string Uri => Scheme + (Type == "datasets" ? "datasets/" : "") + Id + (Revision == "main" ? ""
        : "@" + StorageUri.Escape(Revision).Replace("/", "%2F", StringComparison.Ordinal))
        + (Folder.Length == 0 ? "" : "/" + StorageUri.Escape(Folder));

    public string FilesPath => Type == "datasets" ? $"datasets/{Id}" : Id;

    public string CacheName => $"{Type}--{Id.Replace("/", "--", StringComparison.Ordinal)}";

    /// <exception cref="WorkerException">The URI has another form.</exception>
    public static HubRepository Parse(string text)
    {
        var uri = StorageUri.Parse(text);
        string[] parts = uri.Root[Scheme.Length..].Split('@', 2), names = parts[0].Split('/'); // datasets or models may stand before org
        return new HubRepository(names[0] == "datasets" ? "datasets" : "models", string.Join('/', names[^2..]),
            parts.Length == 2 ? System.Uri.UnescapeDataString(parts[1]) : "main", uri.Name.Trim('/'));
    }

    public static bool IsId(string text) => Form().IsMatch(text);

    [GeneratedRegex(@"^(?!(?:datasets|models|spaces)/)[\w.-]+/[\w.-]+$")]
    private static partial Regex Form();
}
