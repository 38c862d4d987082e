using System.Text.Json.Nodes;
using LightReasoner.Api;

namespace LightReasoner.Api.Tests;

public class RedactorTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly Redactor Plain = new([]);

    [Theory]
    [InlineData("http://alice:PASSWORD@host/q.jsonl: 403", "http://REDACTED@host/q.jsonl: 403")]
    [InlineData("https://token@host/x, then", "https://REDACTED@host/x, then")]
    [InlineData("https://u:p@ss@host/a@b", "https://REDACTED@host/a@b")]
    [InlineData("https://u:pa/ss@host/x", "https://REDACTED@host/x")]
    [InlineData("https://a.blob.core.windows.net/c/x?sv=2023&sr=c&sig=AbC%2F1%3D: no", "https://a.blob.core.windows.net/c/x?REDACTED: no")]
    [InlineData("""{"uri":"https://a/x?sv=1\u0026sig=AbC123"}""", """{"uri":"https://a/x?REDACTED"}""")]
    [InlineData("https://b.s3.amazonaws.com/k?X-Amz-Date=20260101T000000Z&X-Amz-Signature=0a1b", "https://b.s3.amazonaws.com/k?REDACTED")]
    [InlineData("https://host/x?access_token=abc", "https://host/x?REDACTED")]
    [InlineData("AccountName=a;AccountKey=Zm9vYmFy==;EndpointSuffix=core", "AccountName=a;AccountKey=REDACTED;EndpointSuffix=core")]
    [InlineData("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer REDACTED")]
    [InlineData("HF_TOKEN hf_abcdefghijklmnop is not valid", "HF_TOKEN REDACTED is not valid")]
    public void Redact_OfASecret_LeavesTheRest(string text, string expected)
    {
        Assert.Equal(expected, Plain.Redact(text));
        Assert.Equal(expected, Plain.Redact(expected));
    }

    [Theory]
    [InlineData("hf://org/name@v1.0/data/*.jsonl: no file")]
    [InlineData("https://host:8080/a@b?download=true")]
    [InlineData("http://[::1]:80/x@y")]
    [InlineData("registry.example.com/worker@sha256:0123456789abcdef")]
    [InlineData("maxNewTokens=128, signal=9, key=value")]
    [InlineData("az://data/what?/is*.jsonl")]
    public void Redact_OfWhatIsNoSecret_ChangesNothing(string text) => Assert.Equal(text, Plain.Redact(text));

    [Fact]
    public void Redact_OfAnEnvironmentsSecrets_FindsThemAnywhere()
    {
        var redactor = Redactor.Of([("HF_TOKEN", " s3cr3t-token\n"),
            ("AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=bm90IGEgcmVhbCBrZXk="), ("TOKEN_FILE", "/var/run/token"),
            ("MODE", "s3cr3t-mode")]);
        Assert.Equal("a REDACTED b REDACTED /var/run/token s3cr3t-mode",
            redactor.Redact("a s3cr3t-token b bm90IGEgcmVhbCBrZXk= /var/run/token s3cr3t-mode"));
        Assert.Equal("x?t=REDACTED", redactor.Redact("x?t=bm90IGEgcmVhbCBrZXk%3D"));
    }

    /// <summary>
    /// Whatever field of a document a secret stands in, and however it is written there, it is not in what is written down of it.
    /// </summary>
    [Fact]
    public void Redact_OfADocumentWithSecretsInEveryField_LeavesNone()
    {
        var random = new Random(1);
        for (int round = 0; round < 200; round++)
        {
            var secrets = new List<string>();
            var document = JsonNode.Parse(ManifestReader.ToJson(ManifestReader.Read("""
                apiVersion: lightreasoner.io/v1alpha1
                kind: FineTuneRun
                metadata: {name: x, annotations: {note: x}}
                spec:
                  model: {uri: x://x, adapterUri: x://x}
                  samples: {uri: x://x}
                  evaluation: {dataset: {uri: x://x}}
                  output: {uri: x://x}
                  worker: {env: [{name: PLAIN, value: x}], podAnnotations: {note: x}, image: x}
                """.Replace("x://x", "file:///x", StringComparison.Ordinal), "test")))!;
            var written = Plain.Redact(Fill(document, random, secrets))!.ToJsonString(ApiJson.Indented);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, written));
            Assert.True(secrets.Count > 8);
        }
    }

    private static JsonNode? Fill(JsonNode? node, Random random, List<string> secrets) => node switch
    {
        JsonObject map =>
            new JsonObject(map.Select(p => KeyValuePair.Create(p.Key, p is { Key: "value", Value: JsonValue } ? Secret(random, secrets)
            : Fill(p.Value, random, secrets)))),
        JsonArray array => new JsonArray([.. array.Select(item => Fill(item, random, secrets))]),
        JsonValue value when value.TryGetValue(out string? _) => Hidden(Secret(random, secrets), random),
        _ => node?.DeepClone(),
    };

    private static string Secret(Random random, List<string> secrets)
    {
        string secret = new([.. Enumerable.Range(0, random.Next(16, 60)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
        secrets.Add(secret);
        return secret;
    }

    /// <summary>The ways in which a text holds a secret.</summary>
    private static string Hidden(string secret, Random random) => random.Next(9) switch
    {
        0 => $"https://user:{secret}@host.example.com/a/b.jsonl",
        1 => $"http://{secret}@host:8080/a?x=1",
        2 => $"https://acc.blob.core.windows.net/c/x?sv=2024-01-01&se=2030-01-01T00%3A00%3A00Z&sig={secret}%3D",
        3 => $"see https://bucket.s3.amazonaws.com/k?X-Amz-Credential=AKIA/2026&X-Amz-Signature={secret}.",
        4 => $"https://host/x?{new[] { "token", "key", "t", "anything" }[random.Next(4)]}={secret}&page=2",
        5 => $"AccountName=a;AccountKey={secret}==;EndpointSuffix=core.windows.net",
        6 => $"curl -H 'Authorization: Bearer {secret}'",
        7 => $"hf_{secret}",
        _ => $"s3://{secret}@bucket/x",
    };
}
