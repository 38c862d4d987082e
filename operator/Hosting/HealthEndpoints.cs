using k8s;
using LightReasoner.Operator.Metrics;

namespace LightReasoner.Operator.Hosting;

/// <summary><c>/healthz</c> (the process lives), <c>/readyz</c> (the API server answers) and <c>/metrics</c>.</summary>
internal static class HealthEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void Map(WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", ReadyAsync);
        app.MapGet("/metrics", (OperatorMetrics metrics, KubeOpsMeter queues, Leadership leadership) =>
        {
            var text = new PrometheusText();
            metrics.Write(text, leadership.IsLeader);
            queues.Write(text);
            OperatorMetrics.WriteProcess(text);
            return Results.Text(text.ToString(), PrometheusText.ContentType);
        });
    }

    /// <summary>A replica that is not the leader is ready too: it is ready to take over.</summary>
    private static async Task<IResult> ReadyAsync(IKubernetes api, Leadership leadership, CancellationToken cancellationToken)
    {
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
