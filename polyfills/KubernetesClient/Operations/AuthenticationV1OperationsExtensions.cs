// Written by generator/operations.py; do not edit.
namespace k8s;

public static partial class AuthenticationV1OperationsExtensions
{
    public static async Task<V1TokenReview> CreateTokenReviewAsync(this IAuthenticationV1Operations operations, V1TokenReview body, string dryRun = null, string fieldManager = null, string fieldValidation = null, bool? pretty = null, CancellationToken cancellationToken = default)
    {
        using var result = await operations.CreateTokenReviewWithHttpMessagesAsync(body: body, dryRun: dryRun, fieldManager: fieldManager, fieldValidation: fieldValidation, pretty: pretty, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Body;
    }
}
