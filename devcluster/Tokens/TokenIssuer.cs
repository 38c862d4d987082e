using System.Buffers.Text;

namespace LightReasoner.DevCluster.Tokens;

/// <summary>Signs and checks service account tokens (JWT, RS256).</summary>
internal sealed class TokenIssuer : IDisposable
{
    public const string Issuer = "https://kubernetes.default.svc";

    private readonly RSA key = RSA.Create(2048);

    public string Sign(JsonObject claims)
    {
        var keyId = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        var header = new JsonObject { ["alg"] = "RS256", ["kid"] = keyId };
        var signed = $"{Base64Url.EncodeToString(Writing.Bytes(header))}.{Base64Url.EncodeToString(Writing.Bytes(claims))}";
        lock (key)
        {
            var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return $"{signed}.{Base64Url.EncodeToString(signature)}";
        }
    }

    /// <summary>The claims of a token of ours, or null.</summary>
    public JsonObject? Verify(string token)
    {
        try
        {
            if (token.Split('.') is not [var header, var claims, var signature])
                return null;
            lock (key)
            {
                if (!key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{claims}"), Base64Url.DecodeFromChars(signature),
                    HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
                    return null;
            }

            return JsonReading.Parse(Base64Url.DecodeFromChars(claims)) as JsonObject;
        }
        catch (Exception e) when (e is FormatException or JsonException or CryptographicException)
        {
            return null;
        }
    }

    public void Dispose() => key.Dispose();
}
