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

    /// <summary>It is valid, but its pod works for no run.</summary>
    NotOurs,
}

/// <summary>The verdict on a token and, where it is good, the pod.</summary>
internal sealed record TokenResult(TokenVerdict Verdict, WorkerPod? Pod = null);

/// <summary>
/// Remembers verdicts for a short while, by hash of the token, so that a report costs the API server nothing as a rule and a flood of
/// bad tokens costs it little. Both the memory and the checks under way at once are bounded.
/// </summary>
internal sealed class TokenCheck(ITokenReviewer reviewer, IWorkerPods pods, TimeProvider time) : IDisposable
{
    private const int MaxRemembered = 20_000;
    private static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(1), BadFor = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, (TokenResult Result, DateTimeOffset Until)> remembered = new();
    private readonly SemaphoreSlim underWay = new(8);

    public async Task<TokenResult> CheckAsync(string token, CancellationToken cancellationToken)
    {
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (Known(hash) is { } known) return known;
        await underWay.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Known(hash) is { } meanwhile) return meanwhile;
            TokenResult result = await AskAsync(token, cancellationToken).ConfigureAwait(false);
            Remember(hash, result);
            return result;
        }
        finally
        {
            underWay.Release();
        }
    }

    public void Dispose() => underWay.Dispose();

    private async Task<TokenResult> AskAsync(string token, CancellationToken cancellationToken)
    {
        if (await reviewer.ReviewAsync(token, cancellationToken).ConfigureAwait(false) is not { } identity) return new TokenResult(TokenVerdict.Unknown);
        return await pods.FindAsync(identity, cancellationToken).ConfigureAwait(false) is { } pod
            ? new TokenResult(TokenVerdict.Good, pod) : new TokenResult(TokenVerdict.NotOurs);
    }

    private TokenResult? Known(string hash) => remembered.TryGetValue(hash, out var entry) && entry.Until > time.GetUtcNow() ? entry.Result : null;

    private void Remember(string hash, TokenResult result)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (remembered.Count >= MaxRemembered)
        {
            foreach ((string key, var entry) in remembered)
                if (entry.Until <= now) remembered.TryRemove(key, out _);
            if (remembered.Count >= MaxRemembered) remembered.Clear();
        }
        remembered[hash] = (result, now + (result.Verdict == TokenVerdict.Good ? GoodFor : BadFor));
    }
}
