namespace LightReasoner.Operator.Progress;

/// <summary>Who a token speaks for.</summary>
/// <param name="Namespace">Namespace of the pod.</param>
/// <param name="PodName">Name of the pod that the token was projected into.</param>
/// <param name="PodUid">Uid of that pod.</param>
internal sealed record TokenIdentity(string Namespace, string PodName, string PodUid);

/// <summary>Checks a service account token; null for one that does not hold for progress reports from a pod.</summary>
internal interface ITokenReviewer
{
    Task<TokenIdentity?> ReviewAsync(string token, CancellationToken cancellationToken);
}
