using k8s;

namespace LightReasoner.Operator.Hosting;

/// <summary>
/// <c>/healthz</c> (the process and its election go on) and <c>/readyz</c> (the API server answers, and this replica may lead).
/// </summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void Map(WebApplication app)
    {
        app.MapGet("/healthz", (Leadership leadership) => leadership.IsAlive()
            ? Results.Text("ok\n") : Results.Text("the lease has run out, and this replica has not noticed\n",
                statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapGet("/readyz", ReadyAsync);
    }

    /// <summary>A replica that is not the leader is ready too: it is ready to take over.</summary>
    private static async Task<IResult> ReadyAsync(IKubernetes api, Leadership leadership, CancellationToken cancellationToken)
    {
        if (leadership.Problem is { } problem)
            return Results.Text($"the Lease is not accessible: {problem}\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await api.Version.GetCodeAsync(cancellationToken: patience.Token).ConfigureAwait(false);
            return Results.Text(leadership.IsLeader ? "ok leader\n" : "ok standby\n");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Results.Text($"the API server does not answer: {e.Message}\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
