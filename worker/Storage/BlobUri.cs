using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>Opens stores by URI.</summary>
public static class BlobUri
{
    /// <summary>The store at a URI; a path without a scheme is a folder of this machine.</summary>
    /// <exception cref="WorkerException">The scheme is unknown.</exception>
    public static IBlobStore Open(string uri) => new DirectoryBlobStore(LocalPath(uri));

    /// <summary>The folder or file of this machine that a URI names.</summary>
    /// <exception cref="WorkerException">The URI is not one of this machine.</exception>
    public static string LocalPath(string uri)
    {
        if (!uri.Contains("://", StringComparison.Ordinal)) return Path.GetFullPath(uri);
        if (!uri.StartsWith("file://", StringComparison.Ordinal))
            throw new WorkerException(ExitCode.Usage, $"{uri}: this worker reads and writes file:// only; copy the data to a mounted volume and name it as file:///…");
        string path = System.Uri.UnescapeDataString(uri["file://".Length..]);
        // file://./x is our own extension: a place relative to the working directory, as a container image sets it.
        return path.StartsWith('/') || path.StartsWith("./", StringComparison.Ordinal)
            ? Path.GetFullPath(path)
            : throw new WorkerException(ExitCode.BadManifest, $"{uri}: a file URI has three slashes and an absolute path (file:///data/x), or starts with file://./");
    }

    /// <summary>A URI as it is; a path without a scheme as a file URI.</summary>
    public static string Absolute(string uri) => uri.Contains("://", StringComparison.Ordinal) ? uri : "file://" + Path.GetFullPath(uri);

    /// <summary><paramref name="part"/> below <paramref name="uri"/>.</summary>
    public static string Join(string uri, string part) => uri.TrimEnd('/') + "/" + part;

    /// <summary>Splits a URI with globs into the part before the first glob and the pattern: <c>(file:///a, b*/c.jsonl)</c>.</summary>
    public static (string Root, string Pattern) SplitGlob(string uri)
    {
        int glob = uri.IndexOfAny(['*', '?', '[']);
        int slash = glob < 0 ? uri.LastIndexOf('/') : uri.LastIndexOf('/', glob);
        // The slash of file:/// belongs to the root folder itself.
        return (uri[..(uri[..slash] == "file://" ? slash + 1 : slash)], uri[(slash + 1)..]);
    }
}
