namespace LightReasoner.Worker.Storage;

/// <summary>Which hub, as whom, and where its files are kept; by the variables that Hugging Face's own tools know.</summary>
/// <param name="Endpoint"><c>HF_ENDPOINT</c>, without a slash at its end.</param>
/// <param name="Token"><c>HF_TOKEN</c>; null for none.</param>
/// <param name="Cache"><c>HF_HUB_CACHE</c>, else <c>hub</c> below <c>HF_HOME</c>.</param>
/// <param name="Web">Sends the requests.</param>
internal sealed record HubOptions(string Endpoint, string? Token, string Cache, WebClient Web)
{
    public static HubOptions OfProcess { get; } = From(Environment.GetEnvironmentVariable, WebClient.OfProcess);

    /// <summary>Makes room where the hub's cache is a part of ours; in another place the hub's own tools keep theirs.</summary>
    public CacheFolder Room { get; init; } = CacheFolder.OfProcess;

    public static HubOptions From(Func<string, string?> environment, WebClient web)
    {
        string? Value(string name) => environment(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;
        string home = Value("HF_HOME") ?? (Value("LIGHTREASONER_CACHE") is { } own
            ? Path.Combine(own, "huggingface")
            : Path.Combine(Value("XDG_CACHE_HOME") ?? Path.Combine(Value("HOME") ?? Path.GetTempPath(), ".cache"), "huggingface"));
        return new HubOptions((Value("HF_ENDPOINT") ?? "https://huggingface.co").TrimEnd('/'), Value("HF_TOKEN"),
            Path.GetFullPath(Value("HF_HUB_CACHE") ?? Path.Combine(home, "hub")), web);
    }
}
