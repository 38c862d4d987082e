using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests;

/// <summary>Tests that talk to a server of their own as its administrator.</summary>
public abstract class AdministratorTests : IAsyncLifetime
{
    private DevServer server = null!;

    private protected HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        server = await DevServer.Start();
        Client = server.AdministratorClient();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client.Dispose();
        await server.DisposeAsync();
    }

    private protected Task<(int Status, JsonNode Body)> PostAsync(string path, JsonObject body) =>
        SendAsync("POST", path, body.ToJsonString());

    private protected Task<(int Status, JsonNode Body)> MergeAsync(string path, string patch) =>
        SendAsync("PATCH", path, patch, "application/merge-patch+json");

    private protected async Task<(int Status, JsonNode Body)> SendAsync(string method, string path, string? body = null,
        string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, type);
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        // A path that is not served answers in plain text.
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text)!
            : JsonValue.Create(text));
    }
}
