using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace LightReasoner.Operator.Progress;

/// <summary>What a token turned out to be worth.</summary>
internal enum TokenVerdict
{
    /// <summary>It speaks for a pod of a run.</summary>
    Good,

    /// <summary>It is not valid here.</summary>
    Unknown,

    /// <summary>Its pod works for no run.</summary>
    NotOurs,

    /// <summary>Its pod is asked about too often.</summary>
    TooOften,
}

/// <summary>The verdict on a token and, where it is good, the pod.</summary>
internal sealed record TokenResult(TokenVerdict Verdict, WorkerPod? Pod = null);

/// <summary>
/// Looks at the token's claims first, then asks the API server, and remembers the verdict for a short while, by hash of the token: a report
/// costs the API server nothing as a rule, a flood of bad tokens costs it nothing at all, and one of forged claims costs the pod that it
/// names its share only. Both the memory and the checks under way at once are bounded.
/// </summary>
internal sealed class TokenCheck(ITokenReviewer reviewer, IWorkerPods pods, TimeProvider time) : IDisposable
{
    private const int MaxRemembered = 20_000;
    private static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(1), BadFor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (TokenResult Result, DateTimeOffset Until)> remembered = new();
    private readonly SemaphoreSlim underWay = new(8);
    private readonly ReportRate reviews = new(time);

    public async Task<TokenResult> CheckAsync(string token, CancellationToken cancellationToken)
    {
        if (TokenClaims.Read(token, time.GetUtcNow()) is not { } claims) return new TokenResult(TokenVerdict.Unknown);
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (Known(hash) is { } known) return known;
        if (pods.Find(claims) is not { } pod) return new TokenResult(TokenVerdict.NotOurs);
        if (!reviews.Allows(claims.PodUid)) return new TokenResult(TokenVerdict.TooOften);
        await underWay.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Known(hash) is { } meanwhile) return meanwhile;
            // What the API server says of the token must be what the token says of itself.
            var result = await reviewer.ReviewAsync(token, cancellationToken).ConfigureAwait(false) == claims
                ? new TokenResult(TokenVerdict.Good, pod) : new TokenResult(TokenVerdict.Unknown);
            Remember(hash, result);
            return result;
        }
        finally
        {
            underWay.Release();
        }
    }

    public void Dispose() => underWay.Dispose();

    private TokenResult? Known(string hash) => remembered.TryGetValue(hash, out var entry)
        && entry.Until > time.GetUtcNow() ? entry.Result : null;

    private void Remember(string hash, TokenResult result)
    {
        var now = time.GetUtcNow();
        if (remembered.Count >= MaxRemembered)
        {
            foreach ((string key, var entry) in remembered)
                if (entry.Until <= now) remembered.TryRemove(key, out _);
            if (remembered.Count >= MaxRemembered) remembered.Clear();
        }
        remembered[hash] = (result, now + (result.Verdict == TokenVerdict.Good ? GoodFor : BadFor));
    }
}
