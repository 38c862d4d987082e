using System.Text;
using LightReasoner.Api;
using LightReasoner.Worker.Runs;
using LightReasoner.Worker.Tests.Faults;

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>A password in an address opens the data, and stands nowhere in what a run writes and says.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Password = "pass-word-of-alice", Signature = "c2lnbmF0dXJlIG9mIHRoZSBhZGRyZXNz", Token = "hf-token-of-the-pod";

    private static readonly string Examples = RepositoryFolder.Of("examples", "quickstart");

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_OnAnAddressWithSecrets_LeavesNone(bool allowed)
    {
        byte[] questions = Encoding.UTF8.GetBytes(string.Join('\n', File.ReadLines(Path.Combine(Examples, "data", "questions.jsonl")).Take(2)));
        using var server = new LoopbackServer(context => LoopbackServer.AnswerAsync(context, questions,
            allowed && context.Request.Headers["Authorization"] == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{Password}")) ? 200 : 403));
        string manifest = Path.Combine(_folder.Path, "run.json"), output = Path.Combine(_folder.Path, "out"), termination = Path.Combine(_folder.Path, "termination");
        await File.WriteAllTextAsync(manifest, ManifestReader.ToJson(ManifestReader.Read(File.ReadAllText(Path.Combine(Examples, "1-sampling.yaml")), "1-sampling.yaml",
        [
            $"spec.expert.uri={Examples}/models/seed-0/expert", $"spec.amateur.uri={Examples}/models/seed-0/amateur", "spec.shards=1", "spec.maxQuestions=2",
            $"spec.dataset.uri=http://alice:{Password}@{server.Address.Authority}/q.jsonl?sv=1&sig={Signature}", $"spec.worker.env=[{{name: PLAIN, value: {Token}}}]",
        ])));
        using WorkerProcess worker = WorkerProcess.Start(["run", "-f", manifest, "--output", output], new Dictionary<string, string> { ["HF_TOKEN"] = Token, ["LIGHTREASONER_TERMINATION_LOG"] = termination });
        (int code, string errors) = await worker.ResultAsync();
        Assert.Equal(allowed ? (int)ExitCode.Done : (int)ExitCode.NoPermission, code);
        string written = string.Join('\n', Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories).Prepend(termination).Select(File.ReadAllText)) + errors;
        foreach (string secret in new[] { Password, Signature, Token }) Assert.DoesNotContain(secret, written);
        if (allowed) Assert.Contains("http://REDACTED@127.0.0.1", written);
    }
}
