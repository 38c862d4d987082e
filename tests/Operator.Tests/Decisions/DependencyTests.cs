namespace LightReasoner.Operator.Tests.Decisions;

public sealed class DependencyTests
{
    private static readonly RunReference Samples = new() { Kind = RunKind.SamplingRun, Name = "s" };
    private readonly RunDecider decider = new(Make.Options);

    [Theory]
    [InlineData(null)]
    [InlineData(RunPhase.Pending)]
    [InlineData(RunPhase.Running)]
    [InlineData(RunPhase.Suspended)]
    public void UnfinishedReference_Waits(RunPhase? phase)
    {
        RunDecision d = Decide(Make.FineTune(), new ReferencedRun(phase, "az://runs/team/s", null));

        Assert.DoesNotContain(d.Actions, a => a is RunAction.CreateJob);
        Assert.Equal((RunPhase.Waiting, "WaitingForRun"), (d.Status.Phase, d.Status.Conditions![0].Reason));
        Assert.Contains("SamplingRun/s", d.Status.Message);
        Assert.NotNull(d.RequeueAfter);
    }

    [Fact]
    public void SucceededReference_StartsWithItsOutput()
    {
        RunDecision d = Decide(Make.FineTune(), new ReferencedRun(RunPhase.Succeeded, "az://elsewhere/out", null));

        var args = d.Actions.OfType<RunAction.CreateJob>().Single().Job.Spec.Template.Spec.Containers[0].Args;
        Assert.Equal(["run", "-f", "/etc/lightreasoner/run.json", "--output", "az://runs/team/f", "--ref", "SamplingRun/s=az://elsewhere/out"], args);
    }

    [Fact]
    public void FailedReference_Fails()
    {
        RunDecision d = Decide(Make.FineTune(), new ReferencedRun(RunPhase.Failed, null, "no such blob"));
        Assert.Equal((RunPhase.Failed, Reasons.DependencyFailed, "SamplingRun/s failed: no such blob"), (d.Status.Phase, d.Status.Conditions![0].Reason, d.Status.Message));
    }

    [Fact]
    public void FailedReference_TakesTheJobOutOfItsQueue()
    {
        FineTuneRunEntity run = Make.FineTune(change: s => s with { QueueName = "gpus" });
        RunDecision d = decider.Decide(new RunObservation
        {
            Run = run,
            Now = Make.Now,
            Job = Make.Job(run, started: false),
            References = new Dictionary<RunReference, ReferencedRun?> { [Samples] = new(RunPhase.Failed, null, null) },
        });
        Assert.IsType<RunAction.DeleteJob>(Assert.Single(d.Actions));
        Assert.Equal(RunPhase.Failed, d.Status.Phase);
    }

    [Fact]
    public void MissingReference_WaitsForTheTimeoutFromWhenItWentMissing_ThenFails()
    {
        FineTuneRunEntity run = Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 600 });
        RunDecision waiting = Decide(run, null);
        Assert.Equal((RunPhase.Waiting, "WaitingForRun"), (waiting.Status.Phase, waiting.Status.Conditions![0].Reason));

        run.Status = (FineTuneRunStatus)waiting.Status;
        run.Status = (FineTuneRunStatus)Decide(run, null, Make.Now.AddMinutes(9)).Status;
        Assert.Equal(RunPhase.Waiting, run.Status.Phase);
        RunDecision failed = Decide(run, null, Make.Now.AddMinutes(10));
        Assert.Equal((RunPhase.Failed, Reasons.DependencyMissing), (failed.Status.Phase, failed.Status.Conditions![0].Reason));
    }

    [Fact]
    public void ReferenceThatAppearsAndVanishes_StartsTheTimeoutAnew()
    {
        FineTuneRunEntity run = Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 600 });
        run.Status = (FineTuneRunStatus)Decide(run, null).Status;
        run.Status = (FineTuneRunStatus)Decide(run, new ReferencedRun(RunPhase.Running, null, null), Make.Now.AddMinutes(9)).Status;
        run.Status = (FineTuneRunStatus)Decide(run, null, Make.Now.AddMinutes(11)).Status;
        Assert.Equal(RunPhase.Waiting, Decide(run, null, Make.Now.AddMinutes(20)).Status.Phase);
        Assert.Equal(RunPhase.Failed, Decide(run, null, Make.Now.AddMinutes(21)).Status.Phase);
    }

    [Fact]
    public void Cycle_Fails()
    {
        RunDecision d = Decide(Make.FineTune(), new ReferencedRun(RunPhase.Waiting, null, null, WaitsForThis: true));
        Assert.Equal((RunPhase.Failed, Reasons.DependencyCycle), (d.Status.Phase, d.Status.Conditions![0].Reason));
    }

    [Fact]
    public void StartedRun_GoesOnWithItsReferencesAlthoughTheyAreGone()
    {
        FineTuneRunEntity run = Make.FineTune(status: new FineTuneRunStatus { Phase = RunPhase.Running, StartTime = Make.Now, OutputUri = "az://runs/team/f" });
        var references = new Dictionary<string, string> { ["SamplingRun/s"] = "az://elsewhere/out" };
        RunDecision d = decider.Decide(new RunObservation { Run = run, Document = Make.Document(run, references), Now = Make.Now });
        Assert.Contains("SamplingRun/s=az://elsewhere/out", d.Actions.OfType<RunAction.CreateJob>().Single().Job.Spec.Template.Spec.Containers[0].Args);
    }

    private RunDecision Decide(FineTuneRunEntity run, ReferencedRun? reference, DateTimeOffset? now = null) => decider.Decide(new RunObservation
    {
        Run = run,
        Now = now ?? Make.Now,
        References = new Dictionary<RunReference, ReferencedRun?> { [Samples] = reference },
    });
}
