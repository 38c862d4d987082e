// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class AuthorizationV1OperationsExtensions
{
    public static async Task<V1SelfSubjectAccessReview> CreateSelfSubjectAccessReviewAsync(this IAuthorizationV1Operations operations, V1SelfSubjectAccessReview body, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateSelfSubjectAccessReviewWithHttpMessagesAsync(body: body, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }

    public static async Task<V1SubjectAccessReview> CreateSubjectAccessReviewAsync(this IAuthorizationV1Operations operations, V1SubjectAccessReview body, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateSubjectAccessReviewWithHttpMessagesAsync(body: body, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
