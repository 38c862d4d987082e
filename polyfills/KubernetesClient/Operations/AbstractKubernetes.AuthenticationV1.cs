// Written by generator/operations.py; do not edit.
namespace k8s;

public partial class AbstractKubernetes : IAuthenticationV1Operations
{
    public IAuthenticationV1Operations AuthenticationV1 => this;

    Task<HttpOperationResponse<V1TokenReview>> IAuthenticationV1Operations.CreateTokenReviewWithHttpMessagesAsync(V1TokenReview body, string dryRun, string fieldManager, string fieldValidation, bool? pretty, IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders, CancellationToken cancellationToken) =>
        SendAsync<V1TokenReview>(HttpMethod.Post, $"apis/authentication.k8s.io/v1/tokenreviews", body, customHeaders, cancellationToken, ("dryRun", dryRun), ("fieldManager", fieldManager), ("fieldValidation", fieldValidation), ("pretty", pretty));
}
