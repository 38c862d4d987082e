using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>Signs and checks service account tokens (JWT, RS256).</summary>
internal sealed class TokenIssuer : IDisposable
{
    public const string Issuer = "https://kubernetes.default.svc";

    private readonly RSA key = RSA.Create(2048);
    private readonly string keyId;

    public TokenIssuer() => keyId = Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));

    public string Sign(JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = keyId };
        var signed = $"{Encode(Encoding.UTF8.GetBytes(header.ToText()))}.{Encode(Encoding.UTF8.GetBytes(claims.ToText()))}";
        lock (key)
            return $"{signed}.{Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    /// <summary>The claims of a token of ours, or null.</summary>
    public JsonObject? Verify(string token)
    {
        var parts = token.Split('.');
        try
        {
            if (parts.Length != 3)
                return null;
            lock (key)
            {
                if (!key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Decode(parts[2]), HashAlgorithmName.SHA256,
                    RSASignaturePadding.Pkcs1))
                    return null;
            }

            return JsonReading.Parse(Decode(parts[1])) as JsonObject;
        }
        catch (Exception e) when (e is FormatException or JsonException or CryptographicException)
        {
            return null;
        }
    }

    public void Dispose() => key.Dispose();

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[] Decode(string text) =>
        Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
}
