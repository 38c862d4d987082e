using System.Text.RegularExpressions;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Data;

/// <summary>A file of a dataset.</summary>
/// <param name="Store">Where it is.</param>
/// <param name="Name">Its name there.</param>
public sealed record DataFile(IBlobStore Store, string Name)
{
    /// <summary>Where it is, for people; without credentials.</summary>
    public string Uri => $"{Store.Uri}/{Name}";

    /// <summary>The content as a stream that seeks.</summary>
    public Task<Stream> OpenAsync(CancellationToken cancellation) => Store.OpenReadAsync(Name, cancellation);

    /// <summary>The files that a URI names, globs included (<c>*</c>, <c>**</c>, <c>?</c>), in the order of their names.</summary>
    /// <exception cref="WorkerException">There is none.</exception>
    public static async Task<IReadOnlyList<DataFile>> FindAsync(string uri, CancellationToken cancellation)
    {
        (IBlobStore store, string pattern) = BlobUri.OpenFile(uri);
        if (store is HttpStore && BlobUri.FixedPart(pattern) != pattern)
            throw new WorkerException(ExitCode.BadManifest, $"{store.Uri}/{pattern}: a web server does not list its files; name one file, or use az:// or hf:// for several");
        var matcher = new Regex("^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?").Replace(@"\*\*", ".*").Replace(@"\*", "[^/]*").Replace(@"\?", "[^/]") + "$");
        DataFile[] files =
        [
            .. (await store.ListAsync(BlobUri.FixedPart(pattern), cancellation)).Where(blob => matcher.IsMatch(blob.Name)).Select(blob => new DataFile(store, blob.Name)),
        ];
        return files.Length > 0 ? files : throw new WorkerException(ExitCode.MissingInput, $"{store.Uri}/{pattern}: no file has this name or matches this pattern");
    }
}
