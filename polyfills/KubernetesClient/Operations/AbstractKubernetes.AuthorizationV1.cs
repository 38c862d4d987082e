// Written by generator/operations.py; do not edit.
namespace k8s;

public partial class AbstractKubernetes : IAuthorizationV1Operations
{
    public IAuthorizationV1Operations AuthorizationV1 => this;

    Task<HttpOperationResponse<V1SelfSubjectAccessReview>> IAuthorizationV1Operations.CreateSelfSubjectAccessReviewWithHttpMessagesAsync(V1SelfSubjectAccessReview body, string dryRun, string fieldManager, string fieldValidation, bool? pretty, IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders, CancellationToken cancellationToken) =>
        SendAsync<V1SelfSubjectAccessReview>(HttpMethod.Post, $"apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body, customHeaders, cancellationToken, ("dryRun", dryRun), ("fieldManager", fieldManager), ("fieldValidation", fieldValidation), ("pretty", pretty));

    Task<HttpOperationResponse<V1SubjectAccessReview>> IAuthorizationV1Operations.CreateSubjectAccessReviewWithHttpMessagesAsync(V1SubjectAccessReview body, string dryRun, string fieldManager, string fieldValidation, bool? pretty, IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders, CancellationToken cancellationToken) =>
        SendAsync<V1SubjectAccessReview>(HttpMethod.Post, $"apis/authorization.k8s.io/v1/subjectaccessreviews", body, customHeaders, cancellationToken, ("dryRun", dryRun), ("fieldManager", fieldManager), ("fieldValidation", fieldValidation), ("pretty", pretty));
}
