using k8s;
using k8s.Models;
using KubeOps.Abstractions.Rbac;
using LightReasoner.Api;

namespace LightReasoner.Operator.Progress;

/// <summary>Asks the API server (TokenReview), which knows expiry, audience, and whether the pod still exists.</summary>
[GenericRbac(Groups = ["authentication.k8s.io"], Resources = ["tokenreviews"], Verbs = RbacVerb.Create)]
internal sealed class TokenReviewer(IKubernetes api) : ITokenReviewer
{
    private const string ServiceAccountPrefix = "system:serviceaccount:",
        PodNameKey = "authentication.kubernetes.io/pod-name", PodUidKey = "authentication.kubernetes.io/pod-uid";

    public async Task<TokenIdentity?> ReviewAsync(string token, CancellationToken cancellationToken)
    {
        var review = new V1TokenReview
        {
            ApiVersion = "authentication.k8s.io/v1",
            Kind = "TokenReview",
            Spec = new V1TokenReviewSpec { Token = token, Audiences = [ApiGroup.ProgressAudience] },
        };
        var answer = await api.AuthenticationV1.CreateTokenReviewAsync(review,
            cancellationToken: cancellationToken).ConfigureAwait(false);
        // An API server that does not know audiences leaves them out; such an answer proves nothing about ours.
        if (answer.Status is not { Authenticated: true } status || status.Audiences?.Contains(ApiGroup.ProgressAudience) != true)
            return null;
        return Namespace(status.User?.Username) is { } ns && Extra(status.User, PodNameKey) is { } name
            && Extra(status.User, PodUidKey) is { } uid
            ? new TokenIdentity(ns, name, uid) : null;
    }

    private static string? Namespace(string? user) =>
        user?.StartsWith(ServiceAccountPrefix, StringComparison.Ordinal) == true
            && user[ServiceAccountPrefix.Length..].Split(':') is [{ Length: > 0 } ns, _] ? ns : null;

    private static string? Extra(V1UserInfo? user, string key) =>
        user?.Extra?.TryGetValue(key, out IList<string>? values) == true && values.Count == 1 ? values[0] : null;
}
