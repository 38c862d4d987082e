namespace LightReasoner.Operator.Tests.Watching;

public sealed class WaitersTests
{
    private static readonly RunKey Waiter = new(RunKind.FineTuneRun, "team", "f"), Target = new(RunKind.SamplingRun, "team", "s");
    private static readonly RunReference[] References = [new() { Kind = RunKind.SamplingRun, Name = "s" }];

    [Fact]
    public void RunThatWasMadeAnew_GoesOnWaiting_WhenTheEndOfTheEarlierOneIsHeardOf()
    {
        var waiters = new Waiters();
        waiters.Set(Waiter, "old", References);
        waiters.Set(Waiter, "new", References);
        waiters.Forget(Waiter, "old");
        Assert.Equal((Waiter, "new"), Assert.Single(waiters.For(Target)));
        waiters.Forget(Waiter, "new");
        Assert.Empty(waiters.For(Target));
    }
}
