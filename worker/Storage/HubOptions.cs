namespace LightReasoner.Worker.Storage;

/// <summary>Which hub, as whom, and where its files are kept; by the variables that Hugging Face's own tools know.</summary>
/// <param name="Endpoint"><c>HF_ENDPOINT</c>, without a slash at its end.</param>
/// <param name="Token"><c>HF_TOKEN</c>; null for none.</param>
/// <param name="Cache"><c>HF_HUB_CACHE</c>, else <c>hub</c> below <c>HF_HOME</c>.</param>
internal sealed record HubOptions(string Endpoint, string? Token, string Cache, WebClient Web)
{
    public static HubOptions OfProcess { get; } = From(Environment.GetEnvironmentVariable, WebClient.OfProcess);

    /// <summary>Makes room where the hub's cache is a part of ours; in another place the hub's own tools keep theirs.</summary>
    public CacheFolder Room { get; init; } = CacheFolder.OfProcess;

    public static HubOptions From(Func<string, string?> environment, WebClient web)
    {
        var home = environment.Given("HF_HOME")
            ?? Path.Combine(environment.Given("LIGHTREASONER_CACHE") ?? environment.UserCache(), "huggingface");
        return new HubOptions((environment.Given("HF_ENDPOINT") ?? "https://huggingface.co").TrimEnd('/'), environment.Given("HF_TOKEN"),
            Path.GetFullPath(environment.Given("HF_HUB_CACHE") ?? Path.Combine(home, "hub")), web);
    }
}
