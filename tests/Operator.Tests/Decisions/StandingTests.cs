using LightReasoner.Api;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Tests.Decisions;

public sealed class StandingTests
{
    [Fact]
    public void Message_ThatQuotesASecret_HoldsNone()
    {
        var standing = new Standing(RunPhase.Failed, Reasons.InvalidSpec,
            "spec.dataset.uri: must match ^x$, was 'ftp://alice:PASSWORD@host/q'");
        Assert.Equal("spec.dataset.uri: must match ^x$, was 'ftp://REDACTED@host/q'", standing.Message);
    }
}
