namespace k8s
{
    public partial interface IVersionOperations
    {
        Task<HttpOperationResponse<VersionInfo>> GetCodeWithHttpMessagesAsync(IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders = null, CancellationToken cancellationToken = default);
    }

    public partial class AbstractKubernetes : IVersionOperations
    {
        public IVersionOperations Version => this;

        Task<HttpOperationResponse<VersionInfo>> IVersionOperations.GetCodeWithHttpMessagesAsync(IReadOnlyDictionary<string, IReadOnlyList<string>> customHeaders, CancellationToken cancellationToken) =>
            SendAsync<VersionInfo>(HttpMethod.Get, "version/", null, customHeaders, cancellationToken);
    }

    public static partial class VersionOperationsExtensions
    {
        public static async Task<VersionInfo> GetCodeAsync(this IVersionOperations operations, CancellationToken cancellationToken = default)
        {
            using var result = await operations.GetCodeWithHttpMessagesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return result.Body;
        }
    }
}

namespace k8s.Models
{
    public partial class VersionInfo
    {
        public string Major { get; set; }

        public string Minor { get; set; }

        public string GitVersion { get; set; }

        public string GitCommit { get; set; }

        public string GitTreeState { get; set; }

        public string BuildDate { get; set; }

        public string GoVersion { get; set; }

        public string Compiler { get; set; }

        public string Platform { get; set; }
    }
}
