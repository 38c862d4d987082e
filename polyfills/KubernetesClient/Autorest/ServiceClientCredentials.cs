using System.Net.Http.Headers;
using System.Text;

namespace k8s.Autorest
{
    public abstract class ServiceClientCredentials
    {
        public virtual Task ProcessHttpRequestAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(request);
            return Task.CompletedTask;
        }
    }
}

namespace k8s.Authentication
{
    public interface ITokenProvider
    {
        Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken);
    }

    public sealed class StringTokenProvider : ITokenProvider
    {
        private readonly string accessToken;
        private readonly string type;

        public StringTokenProvider(string accessToken, string tokenType)
        {
            this.accessToken = accessToken;
            type = tokenType;
        }

        public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken) =>
            Task.FromResult(new AuthenticationHeaderValue(type, accessToken));
    }

    /// <summary>A token in a file that is written anew now and then, as kubelets do; read again once a minute.</summary>
    public class TokenFileAuth : ITokenProvider
    {
        private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);
        private readonly string tokenFile;
        private string token;
        private DateTime expiresAt = DateTime.MinValue;

        public TokenFileAuth(string tokenFile)
        {
            this.tokenFile = tokenFile;
        }

        public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
        {
            lock (this)
            {
                if (DateTime.UtcNow >= expiresAt)
                {
                    token = File.ReadAllText(tokenFile).Trim();
                    expiresAt = DateTime.UtcNow + MaxAge;
                }

                return Task.FromResult(new AuthenticationHeaderValue("Bearer", token));
            }
        }
    }

    public class TokenCredentials : ServiceClientCredentials
    {
        public TokenCredentials(string token)
            : this(token, "Bearer")
        {
        }

        public TokenCredentials(string token, string tokenType)
            : this(new StringTokenProvider(token, tokenType))
        {
        }

        public TokenCredentials(ITokenProvider tokenProvider)
        {
            TokenProvider = tokenProvider ?? throw new ArgumentNullException(nameof(tokenProvider));
        }

        protected ITokenProvider TokenProvider { get; private set; }

        public override async Task ProcessHttpRequestAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            ArgumentNullException.ThrowIfNull(request);
            request.Headers.Authorization = await TokenProvider.GetAuthenticationHeaderAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public class BasicAuthenticationCredentials : ServiceClientCredentials
    {
        public string UserName { get; set; }

        public string Password { get; set; }

        public override Task ProcessHttpRequestAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{UserName}:{Password}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials);
            return Task.CompletedTask;
        }
    }
}
