using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>Opens stores by URI.</summary>
public static class BlobUri
{
    private static readonly char[] Globs = ['*', '?', '['];

    /// <summary>The store whose root is a URI; a path without a scheme is a folder of this machine.</summary>
    /// <exception cref="WorkerException">The scheme is unknown, or the URI is incomplete.</exception>
    public static IBlobStore Open(string uri)
    {
        if (uri.StartsWith("az://", StringComparison.Ordinal)) return AzureAccount.OfProcess.Open(uri);
        if (uri.StartsWith(HubRepository.Scheme, StringComparison.Ordinal)) return new HubStore(HubRepository.Parse(uri), HubOptions.OfProcess);
        if (IsWeb(uri))
        {
            if (!System.Uri.TryCreate(uri, UriKind.Absolute, out System.Uri? url)) throw new WorkerException(ExitCode.BadManifest, $"{uri}: is not a web address");
            return AzureAccount.IsBlobEndpoint(url) ? AzureAccount.OfProcess.Open(url) : new HttpStore(url, WebClient.OfProcess, CacheFolder.Root);
        }
        return new DirectoryBlobStore(LocalPath(uri));
    }

    /// <summary>The store that holds a file, and the file's name or pattern in it: <c>file:///a/b*/c.jsonl</c> is <c>b*/c.jsonl</c> below <c>file:///a</c>.</summary>
    public static (IBlobStore Store, string Pattern) OpenFile(string uri)
    {
        (string path, string query) = SplitQuery(uri);
        int glob = IsWeb(uri) ? path.IndexOf('*') : path.IndexOfAny(Globs);
        int slash = glob < 0 ? path.LastIndexOf('/') : path.LastIndexOf('/', glob);
        if (slash < 0) return (Open("."), uri);
        string pattern = path[(slash + 1)..];
        // The slash of file:/// belongs to the root folder itself.
        string root = path[..slash] == "file://" ? path[..(slash + 1)] : path[..slash];
        return (Open(root + query), IsWeb(uri) ? System.Uri.UnescapeDataString(pattern) : pattern);
    }

    /// <summary>The part of a name pattern that is free of globs.</summary>
    public static string FixedPart(string pattern) => pattern.IndexOfAny(Globs) is var glob && glob < 0 ? pattern : pattern[..glob];

    /// <summary>The folder or file of this machine that a URI names.</summary>
    /// <exception cref="WorkerException">The URI is not one of this machine.</exception>
    public static string LocalPath(string uri)
    {
        if (!uri.Contains("://", StringComparison.Ordinal)) return Path.GetFullPath(uri);
        if (!uri.StartsWith("file://", StringComparison.Ordinal))
            throw new WorkerException(ExitCode.Usage, $"{uri}: must be a path or file:// URI of this machine here");
        string path = System.Uri.UnescapeDataString(uri["file://".Length..]);
        // file://./x is our own extension: a place relative to the working directory, as a container image sets it.
        return path.StartsWith('/') || path.StartsWith("./", StringComparison.Ordinal)
            ? Path.GetFullPath(path)
            : throw new WorkerException(ExitCode.BadManifest, $"{uri}: a file URI has three slashes and an absolute path (file:///data/x), or starts with file://./");
    }

    /// <summary>A URI as it is; a path without a scheme as a file URI.</summary>
    public static string Absolute(string uri) => uri.Contains("://", StringComparison.Ordinal) ? uri : "file://" + Path.GetFullPath(uri);

    /// <summary><paramref name="part"/> below <paramref name="uri"/>.</summary>
    public static string Join(string uri, string part)
    {
        (string path, string query) = SplitQuery(uri);
        return path.TrimEnd('/') + "/" + part + query;
    }

    /// <summary>A web address without its query, which may hold credentials.</summary>
    public static string WithoutQuery(string uri) => SplitQuery(uri).Path;

    private static bool IsWeb(string uri) => uri.StartsWith("https://", StringComparison.Ordinal) || uri.StartsWith("http://", StringComparison.Ordinal);

    /// <summary>In a web address a question mark begins the query (a SAS, say); elsewhere it is a glob.</summary>
    private static (string Path, string Query) SplitQuery(string uri) =>
        IsWeb(uri) && uri.IndexOf('?') is var mark && mark >= 0 ? (uri[..mark], uri[mark..]) : (uri, "");
}
