namespace LightReasoner.Worker.Storage;

/// <summary>What the stores of cloud services share: names below a prefix, and the SDK's errors as a person needs them.</summary>
/// <param name="folder">Prefix of all names, without a slash at its end; empty for the container or bucket itself.</param>
/// <param name="uri">The root as the user wrote it, without credentials.</param>
internal abstract class CloudBlobStore(string folder, string uri)
{
    /// <summary>Large blobs go over the network in pieces, several at once, so that one that fails is all that is sent again.</summary>
    internal const int PieceBytes = 8 << 20, Concurrency = 4;

    public string Uri => uri;

    protected string Prefix { get; } = folder.Length == 0 ? "" : folder + "/";

    protected async Task<T> ExplainAsync<T>(string name, Func<Task<T>> request)
    {
        try
        {
            return await request();
        }
        catch (Exception e) when (Explain(WorkerException.CauseOf(e), name.Length == 0 ? uri : $"{uri}/{name}") is { } explained)
        {
            throw explained;
        }
    }

    /// <summary>The same; null where there is no such blob.</summary>
    protected Task<T?> IfThereAsync<T>(string name, Func<Task<T>> request)
        where T : class => ExplainAsync(name, async () =>
    {
        try
        {
            return await request();
        }
        catch (Exception e) when (IsMissing(e))
        {
            return null;
        }
    });

    /// <summary>What was touched, what the service said, what to do; null for an error of another kind.</summary>
    protected abstract Exception? Explain(Exception error, string what);

    protected abstract bool IsMissing(Exception error);
}
