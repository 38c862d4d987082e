using LightReasoner.Api;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Metrics;
using LightReasoner.Operator.Runs;
using LightReasoner.Operator.Watching;

namespace LightReasoner.Operator.Progress;

/// <summary>
/// <c>POST /v1/progress</c>: takes a worker's report if its token is good, its pod works for a run, and the report is about that pod.
/// Answers 202; 400 not a report, 401 no or bad token, 403 not this pod's, 413 too large, 429 too often, 503 no leader is known. A replica
/// that is not the leader hands the report on to it.
/// </summary>
internal sealed class ProgressEndpoint(
    TokenCheck tokens, ReportRate rate, RunMemory memory, RunQueue queue, Leadership leadership, LeaderClient leader,
        OperatorOptions options,
    OperatorMetrics metrics, Outage outage, TimeProvider time, ILogger<ProgressEndpoint> logger)
{
    public const string Path = "/v1/progress";

    private const string Scheme = "Bearer ";
    private const int MaxTokenLength = 16 * 1024;

    public async Task HandleAsync(HttpContext context)
    {
        var (status, message) = await TakeAsync(context).ConfigureAwait(false);
        metrics.Report(status);
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status202Accepted) return;
        // What a known pod gets wrong is worth a line; what anybody can send at any rate is counted only.
        if (status is StatusCodes.Status400BadRequest or StatusCodes.Status403Forbidden) logger.ReportRefused(status, message);
        // The next try may be balanced to another replica only over a new connection.
        if (status == StatusCodes.Status503ServiceUnavailable) context.Response.Headers.Connection = "close";
        if (status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer";
        await context.Response.WriteAsJsonAsync(new { message }, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<(int Status, string Message)> TakeAsync(HttpContext context)
    {
        if (Token(context.Request) is not { } token) return (StatusCodes.Status401Unauthorized, "a bearer token is required");
        if (await BodyAsync(context).ConfigureAwait(false) is not { } body)
            return (StatusCodes.Status413PayloadTooLarge, $"a report has at most {ProgressReport.MaxBytes} bytes");
        if (!leadership.IsLeader)
            return await leader.ForwardAsync(context.Request, token, body, context.RequestAborted).ConfigureAwait(false);

        TokenResult result;
        try
        {
            result = await tokens.CheckAsync(token, context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (Outage.Is(e)) outage.Told("checking a token", e);
            else logger.ReportUnchecked(e);
            return (StatusCodes.Status503ServiceUnavailable, "the token could not be checked");
        }
        if (result.Verdict == TokenVerdict.Unknown)
            return (StatusCodes.Status401Unauthorized, $"the token is not valid for audience {ApiGroup.ProgressAudience}");
        if (result.Verdict == TokenVerdict.TooOften)
            return (StatusCodes.Status429TooManyRequests, "too many tokens name this pod");
        if (result.Pod is not { } pod) return (StatusCodes.Status403Forbidden, "the token's pod works for no run");
        if (!rate.Allows(pod.PodUid)) return (StatusCodes.Status429TooManyRequests, $"at most {ReportRate.PerSecond} reports a second");

        var (report, error) = ReportReader.Read(body.Span);
        if (report is null) return (StatusCodes.Status400BadRequest, error!);
        if (ReportReader.Mismatch(report, pod) is { } mismatch) return (StatusCodes.Status403Forbidden, mismatch);

        memory.Progress.Add(pod.RunUid, report, time.GetUtcNow());
        // Not sooner than the status may be written; the queue keeps the earliest time, so a stream of reports cannot put it off.
        queue.Add(pod.Run, pod.RunUid, memory.Pace.Wait(pod.RunUid, options.StatusInterval));
        return (StatusCodes.Status202Accepted, "");
    }

    private static string? Token(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var token = header[Scheme.Length..].Trim();
        return token.Length is > 0 and <= MaxTokenLength ? token : null;
    }

    /// <returns>The body, or null if it is too large.</returns>
    private static async Task<ReadOnlyMemory<byte>?> BodyAsync(HttpContext context)
    {
        if (context.Request.ContentLength > ProgressReport.MaxBytes) return null;
        var buffer = new byte[ProgressReport.MaxBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false,
            context.RequestAborted).ConfigureAwait(false);
        return length > ProgressReport.MaxBytes ? null : buffer.AsMemory(0, length);
    }
}
