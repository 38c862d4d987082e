using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>
/// A pod's federated token is exchanged at an authority (one of loopback), and what comes back opens the storage (an Azurite that takes
/// tokens).
/// </summary>
public sealed class WorkloadIdentityTests
{
    [Fact]
    public async Task Account_WithoutAKey_IsReachedByWorkloadIdentity()
    {
        using var folder = new ScratchFolder();
        string certificate = Path.Combine(folder.Path, "tls.crt"), key = Path.Combine(folder.Path, "tls.key"),
            token = Path.Combine(folder.Path, "token");
        using var identity = CreateCertificate(certificate, key);
        await File.WriteAllTextAsync(token, "federated-token-of-the-pod");
        using var authority = new Authority(identity);
        var (azurite, address) = Azurite.Launch("--oauth", "basic", "--cert", certificate, "--key", key);
        try
        {
            // The test itself signs in by key, and trusts the certificate without looking.
            var handler = new HttpClientHandler
            {
                ServerCertificateCustomValidationCallback =
                HttpClientHandler.DangerousAcceptAnyServerCertificateValidator
            };
            var container = new BlobContainerClient(new Uri($"{address}{Azurite.Account}/data"),
                new StorageSharedKeyCredential(Azurite.Account, Azurite.Key),
                new BlobClientOptions { Transport = new HttpClientTransport(handler) });
            await container.CreateAsync();

            var source = Path.Combine(folder.Path, "in.jsonl");
            await File.WriteAllTextAsync(source, "{\"question\":\"1+1?\",\"answer\":\"2\"}\n");
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "LightReasoner.Worker.dll"), "prepare",
                "gsm8k", source, "az://data/out.jsonl"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            foreach (var (name, value) in new[]
            {
                ("SSL_CERT_FILE", certificate), ("AZURE_AUTHORITY_HOST", authority.Address.ToString()),
                    ("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111"),
                ("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222"), ("AZURE_FEDERATED_TOKEN_FILE", token),
                    ("AZURE_STORAGE_CONNECTION_STRING", ""),
                ("AZURE_STORAGE_ACCOUNT", Azurite.Account), ("AZURE_STORAGE_BLOB_ENDPOINT", $"{address}{Azurite.Account}"),
            }) start.Environment[name] = value;
            using var worker = Process.Start(start)!;
            var errors = worker.StandardError.ReadToEndAsync();
            await worker.StandardOutput.ReadToEndAsync();
            await worker.WaitForExitAsync();

            Assert.True(worker.ExitCode == 0, await errors);
            Assert.Contains("client_assertion=federated-token-of-the-pod", authority.Requested);
            var written = (await container.GetBlobClient("out.jsonl").DownloadContentAsync()).Value.Content.ToString();
            Assert.Equal("{\"id\": \"1+1?\", \"question\": \"1+1?\", \"answer\": \"2\"}\n", written);
        }
        finally
        {
            azurite.Kill(entireProcessTree: true);
            await azurite.WaitForExitAsync();
            azurite.Dispose();
        }
    }

    private static X509Certificate2 CreateCertificate(string certificateFile, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Gives a token to whoever asks, and remembers what was said.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;
        private readonly StringBuilder _requested = new();

        public Authority(X509Certificate2 certificate)
        {
            _certificate = certificate;
            _listener.Start();
            Address = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
            _ = ServeAsync();
        }

        public Uri Address { get; }

        public string Requested
        {
            get
            {
                lock (_requested) return _requested.ToString();
            }
        }

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync()
        {
            while (true)
            {
                TcpClient client;
                try
                {
                    client = await _listener.AcceptTcpClientAsync();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
                {
                    return; // The test is over.
                }
                _ = ServeAsync(client);
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            using (client)
            {
                try
                {
                    await using var stream = new SslStream(client.GetStream());
                    await stream.AuthenticateAsServerAsync(_certificate);
                    await AnswerAsync(stream);
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // A connection that the client opened and did not use.
                }
            }
        }

        private async Task AnswerAsync(Stream stream)
        {
            var buffer = new byte[1 << 16];
            var length = 0;
            while (!IsWhole(Encoding.ASCII.GetString(buffer, 0, length)))
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length));
                if (read == 0) return;
                length += read;
            }
            lock (_requested) _requested.Append(Encoding.ASCII.GetString(buffer, 0, length));
            var body = new JsonObject { ["token_type"] = "Bearer", ["expires_in"] = 3600, ["access_token"] = Token() }.ToJsonString();
            await stream.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + $"{body.Length}\r\nConnection: close\r\n\r\n{body}"));
        }

        private static bool IsWhole(string request)
        {
            var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) return false;
            var length = request[..end].Split("\r\n").FirstOrDefault(line =>
                line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            return length is null || request.Length >= end + 4 + int.Parse(length.Split(':')[1],
                System.Globalization.CultureInfo.InvariantCulture);
        }

        /// <summary>Azurite looks at the claims and not at the signature.</summary>
        private static string Token()
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var claims = new JsonObject
            {
                ["aud"] = "https://storage.azure.com",
                ["iss"] = "https://sts.windows.net/11111111-1111-1111-1111-111111111111/",
                ["iat"] = now,
                ["nbf"] = now - 60,
                ["exp"] = now + 3600
            };
            return string.Join('.', new[] { "{\"alg\":\"none\",\"typ\":\"JWT\"}", claims.ToJsonString(), "signature" }
                .Select(part => Convert.ToBase64String(Encoding.UTF8.GetBytes(part)).TrimEnd('=').Replace('+', '-').Replace('/', '_')));
        }
    }
}
