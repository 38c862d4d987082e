using System.Text;
using System.Text.Json.Nodes;

namespace LightReasoner.DevCluster.Tests;

public sealed class ServerTests
{
    [Fact]
    public async Task Store_HoldsFiveThousandObjects_AndPagesThroughThem()
    {
        await using var server = await DevServer.Start();
        using var client = server.AdministratorClient();
        await Parallel.ForEachAsync(Enumerable.Range(0, 5000), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancel) =>
        {
            var body = $$$"""{"metadata":{"name":"c-{{{i:D5}}}"},"data":{"i":"{{{i}}}"}}""";
            using var response = await client.PostAsync(
                "/api/v1/namespaces/default/configmaps", new StringContent(body, Encoding.UTF8, "application/json"), cancel);
            response.EnsureSuccessStatusCode();
        });

        var names = new List<string>();
        var next = "";
        do
        {
            var page = JsonNode.Parse(await client.GetStringAsync($"/api/v1/namespaces/default/configmaps?limit=700&continue={next}"))!;
            names.AddRange(page["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()));
            next = page["metadata"]!["continue"]?.GetValue<string>() ?? "";
        }
        while (next.Length > 0);
        Assert.Equal(5000, names.Count(n => n.StartsWith("c-", StringComparison.Ordinal)));
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }
}
