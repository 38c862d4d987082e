using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests.Runs;

public sealed class RunRecordTests
{
    [Theory]
    [InlineData("""{"uri":"https://a.blob.core.windows.net/c/x.jsonl?sv=1&sig=AbC%2F1%3D&sr=c"}""", """{"uri":"https://a.blob.core.windows.net/c/x.jsonl?sv=1&sig=REDACTED&sr=c"}""")]
    [InlineData("""{"uri":"https://a/x?sig=AbC"}""", """{"uri":"https://a/x?sig=REDACTED"}""")]
    [InlineData("""{"uri":"https://a/x?sv=1\u0026sig=AbC"}""", """{"uri":"https://a/x?sv=1\u0026sig=REDACTED"}""")]
    [InlineData("""{"name":"sig=nal"}""", """{"name":"sig=nal"}""")]
    public void WithoutSignatures_LeavesNoSecretOfAnAddress(string json, string expected) => Assert.Equal(expected, RunRecord.WithoutSignatures(json));
}
