using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Data;

/// <summary>A file of a dataset.</summary>
internal sealed record DataFile(IBlobStore Store, string Name)
{
    /// <summary>Where it is, for people; without credentials.</summary>
    public string Uri => BlobUri.Join(Store.Uri, StorageUri.Escape(Name));

    /// <summary>The files that a URI names (<see cref="BlobUri.FindAsync"/>), in the order of their names.</summary>
    public static async Task<IReadOnlyList<DataFile>> FindAsync(string uri, CancellationToken cancellation)
    {
        var (store, names) = await BlobUri.FindAsync(uri, cancellation);
        return [.. names.Select(name => new DataFile(store, name))];
    }
}
