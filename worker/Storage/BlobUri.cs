namespace LightReasoner.Worker.Storage;

/// <summary>Opens stores by URI.</summary>
public static partial class BlobUri
{
    /// <summary>The store whose root is a URI; a path without a scheme is a folder of this machine.</summary>
    /// <exception cref="WorkerException">The scheme is unknown, or the URI is incomplete.</exception>
    public static IBlobStore Open(string uri)
    {
        var parsed = StorageUri.Parse(uri);
        return Open(parsed with { Path = parsed.Path.TrimEnd('/') });
    }

    /// <summary>The store of the folder that holds a file, and the file's name in it.</summary>
    /// <exception cref="WorkerException">The URI names a container, host or repository and no file of it.</exception>
    public static (IBlobStore Store, string Name) OpenFile(string uri)
    {
        var (folder, name) = Split(uri);
        return (Open(folder), System.Uri.UnescapeDataString(name));
    }

    /// <summary>
    /// The files that a URI names, in the order of their names. <c>*</c> stands for what has no slash, <c>**</c> for anything, <c>?</c>
    /// for one character; a folder for the files in it.
    /// </summary>
    /// <exception cref="WorkerException">There is none.</exception>
    public static async Task<(IBlobStore Store, IReadOnlyList<string> Names)> FindAsync(string uri, CancellationToken cancellation)
    {
        var (folder, pattern) = Split(uri);
        var store = Open(folder);
        if (pattern.Length == 0) pattern = "*";
        var below = folder with { Path = pattern };
        var glob = below.Glob >= 0;
        if (store is HttpStore && glob)
            throw new WorkerException(ExitCode.BadManifest,
                $"{store.Uri}/{pattern}: a web server does not list its files; name one file, or use az://, s3:// or hf:// for several");
        var matcher = Matcher(pattern);
        var fixedPart = System.Uri.UnescapeDataString(glob ? pattern[..below.Glob] : pattern);
        string[] names = [.. (await store.ListAsync(fixedPart, cancellation)).Select(blob => blob.Name)
            .Where(name => matcher.IsMatch(name))];
        if (names.Length == 0 && !glob && store is not HttpStore)
            names = [.. (await store.ListAsync(fixedPart + "/", cancellation)).Select(blob => blob.Name)
                .Where(name => !name[(fixedPart.Length + 1)..].Contains('/'))];
        return names.Length > 0 ? (store, names)
            : throw new WorkerException(ExitCode.MissingInput, $"{store.Uri}/{pattern}: no file has this name or matches this pattern");
    }

    /// <summary>Refuses a URI that is incomplete, of a folder or of files.</summary>
    internal static void Check(string uri, bool isFile)
    {
        if (isFile) Split(uri);
        else StorageUri.Parse(uri);
    }

    /// <summary>The folder or file of this machine that a URI names.</summary>
    /// <exception cref="WorkerException">The URI is not one of this machine.</exception>
    public static string LocalPath(string uri) => StorageUri.Parse(uri) is { Scheme: "file" } local ? Path.GetFullPath(local.Name)
        : throw new WorkerException(ExitCode.Usage, $"{uri}: must be a local path or file:// URI here");

    /// <summary>A URI as it is; a path without a scheme as a file URI, its globs still globs.</summary>
    public static string Absolute(string uri) => uri.Contains("://", StringComparison.Ordinal) ? uri : StorageUri.Parse(uri).ToString();

    /// <summary><paramref name="part"/>, in the form that it has in URIs, below <paramref name="uri"/>.</summary>
    public static string Join(string uri, string part)
    {
        var parsed = StorageUri.Parse(uri);
        var path = parsed.Path.TrimEnd('/');
        return (parsed with { Path = path.Length == 0 && parsed.Scheme != "file" ? part : $"{path}/{part}" }).ToString();
    }

    /// <summary>An address without its user info and query, which may hold credentials.</summary>
    public static string WithoutCredentials(string uri) =>
        StorageUri.Parse(uri) is { IsWeb: true } web ? UserInfo().Replace((web with { Query = "" }).ToString(), "") : uri;

    private static IBlobStore Open(StorageUri uri) => uri.Scheme switch
    {
        "az" => AzureAccount.OfProcess.Open(uri),
        "s3" => S3Account.Open(uri),
        "hf" => new HubStore(HubRepository.Parse($"{uri}"), HubOptions.OfProcess),
        "file" => new DirectoryBlobStore(uri.Name),
        _ when !System.Uri.TryCreate(uri.ToString(), UriKind.Absolute, out _) =>
            throw new WorkerException(ExitCode.BadManifest, $"{uri}: is not a web address"),
        _ when new Uri(uri.ToString()) is var url && AzureAccount.IsBlobEndpoint(url) => AzureAccount.OfProcess.Open(url),
        _ => new HttpStore(new Uri(uri.ToString()), WebClient.OfProcess, CacheFolder.OfProcess),
    };

    /// <summary>The folder and what is below it: a name, or a pattern from its first glob's part on.</summary>
    private static (StorageUri Folder, string Pattern) Split(string uri)
    {
        var parsed = StorageUri.Parse(uri);
        if (parsed.Scheme != "file" && parsed.Path.Trim('/').Length == 0)
            throw new WorkerException(ExitCode.BadManifest,
                $"{uri}: names no file; add its path ({parsed.Root}/FILE.jsonl{(parsed.IsWeb ? "" : $", or {parsed.Root}/* for all")})");
        var slash = parsed.Glob is >= 0 and var glob ? parsed.Path.LastIndexOf('/', glob) : parsed.Path.LastIndexOf('/');
        // The slash of file:/// belongs to the root folder itself; one before a blob's name, to the name.
        if (slash == 0) return parsed.Scheme == "file" ? (parsed with { Path = "/" }, parsed.Path[1..])
            : (parsed with { Path = "" }, parsed.Path);
        return (parsed with { Path = slash < 0 ? "" : parsed.Path[..slash] }, parsed.Path[(slash + 1)..]);
    }

    private static Regex Matcher(string pattern) => new("^" + Parts().Replace(pattern, part => part.Value switch
    {
        "**/" => "(.*/)?",
        "**" => ".*",
        "*" => "[^/]*",
        "?" => "[^/]",
        var text => Regex.Escape(System.Uri.UnescapeDataString(text)),
    }) + @"\z", RegexOptions.Singleline);

    [GeneratedRegex(@"\*\*/|\*\*|\*|\?|[^*?]+")]
    private static partial Regex Parts();

    [GeneratedRegex("(?<=^https?://)[^/]*@")]
    private static partial Regex UserInfo();
}
