using System.Net.Http.Headers;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Reporting;

/// <summary>Where reports go. What is null is left out.</summary>
/// <param name="TokenFile">File with the bearer token; read anew for each POST, since it is renewed while a pod lives.</param>
/// <param name="TerminationLog">File that the pod's termination message is taken from.</param>
internal sealed record ReportTargets(Uri? Url, string? TokenFile, string? TerminationLog)
{
    public static ReportTargets FromEnvironment() => new(
        Variables.Given("LIGHTREASONER_PROGRESS_URL") is { } url ? new Uri(url) : null,
        Variables.Given("LIGHTREASONER_PROGRESS_TOKEN_FILE"), Variables.Given("LIGHTREASONER_TERMINATION_LOG"));
}

/// <summary>
/// Tells the operator how far the work is: the newest figures at most once a second while there is news, and the last word both by POST and
/// as the termination message. A lost POST never disturbs the work; the next one tells it all again.
/// </summary>
internal sealed class ProgressReporter : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ReportTargets _targets;
    private readonly HttpClient _http;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private volatile ProgressReport _latest;
    private long _posted = -1;

    /// <param name="identity">A report with kind, namespace, name, shard and attempt filled in.</param>
    public ProgressReporter(ProgressReport identity, ReportTargets targets, TimeProvider time, HttpMessageHandler? handler = null)
    {
        _latest = identity;
        _targets = targets;
        _http = new HttpClient(handler ?? new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(10) };
        _loop = targets.Url is null ? Task.CompletedTask : PostNewsAsync(time);
    }

    public ProgressReport Latest => _latest;

    public void Update(Func<ProgressReport, ProgressReport> change)
    {
        lock (_lock) _latest = change(_latest) with { Sequence = _latest.Sequence + 1 };
    }

    /// <summary>The last word of this attempt: the termination message, and one POST more.</summary>
    public async Task FinishAsync(ReportOutcome outcome, string? message)
    {
        Update(report => report with { Outcome = outcome, Message = message });
        if (_targets.TerminationLog is { } log) await File.WriteAllTextAsync(log, Encode(Latest));
        await _stop.CancelAsync();
        await _loop;
        if (_targets.Url is not null) await PostAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _http.Dispose();
        _stop.Dispose();
    }

    /// <summary>The report as JSON, its message shortened as far as the size limit asks for.</summary>
    internal static string Encode(ProgressReport report)
    {
        report = report with { Message = report.Message is { } said ? Redactor.OfProcess.Redact(said) : null };
        var json = JsonSerializer.Serialize(report, ApiJson.Options);
        for (int length = report.Message?.Length ?? 0; Encoding.UTF8.GetByteCount(json) > ProgressReport.MaxBytes && length > 0;)
        {
            length /= 2;
            json = JsonSerializer.Serialize(report with { Message = report.Message![..length] + "…" }, ApiJson.Options);
        }
        return json;
    }

    private async Task PostNewsAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                if (Latest.Sequence != _posted) await PostAsync();
        }
        catch (OperationCanceledException)
        {
            // FinishAsync sends the rest.
        }
    }

    private async Task PostAsync()
    {
        var report = Latest;
        try
        {
            using var content = new StringContent(Encode(report), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, _targets.Url) { Content = content };
            if (_targets.TokenFile is { } file)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file)).Trim());
            using var response = await _http.SendAsync(request);
            if (response.IsSuccessStatusCode) _posted = report.Sequence;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or UnauthorizedAccessException)
        {
            // Figures are told again with the next report; the last ones also by the termination message.
        }
    }
}
