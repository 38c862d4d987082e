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
        var d = Decide(Make.FineTune(), new ReferencedRun(phase, "az://runs/team/s", null));

        Assert.DoesNotContain(d.Actions, a => a is RunAction.CreateJob);
        Assert.Equal((RunPhase.Waiting, "WaitingForRun"), (d.Status.Phase, d.Status.Conditions![0].Reason));
        Assert.Contains("SamplingRun/s", d.Status.Message);
        Assert.Null(d.RequeueAfter);        // the reference's end wakes the run
    }

    [Fact]
    public void SucceededReference_StartsWithItsOutput()
    {
        var d = Decide(Make.FineTune(), new ReferencedRun(RunPhase.Succeeded, "az://elsewhere/out", null));

        var args = d.Actions.OfType<RunAction.CreateJob>().Single().Job.Spec.Template.Spec.Containers[0].Args;
        Assert.Equal(["run", "-f", "/etc/lightreasoner/run.json", "--output", "az://runs/team/finetunerun/f", "--ref",
            "SamplingRun/s=az://elsewhere/out"], args);
    }

    [Fact]
    public void FailedReference_Fails()
    {
        var d = Decide(Make.FineTune(), new ReferencedRun(RunPhase.Failed, null, "no such blob"));
        Assert.Equal((RunPhase.Failed, Reasons.DependencyFailed, "SamplingRun/s failed: no such blob"),
            (d.Status.Phase, d.Status.Conditions![0].Reason, d.Status.Message));
    }

    [Fact]
    public void FailedReference_TakesTheJobOutOfItsQueue()
    {
        var run = Make.FineTune(change: s => s with { QueueName = "gpus" });
        var d = decider.Decide(new RunObservation
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
        var run = Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 600 });
        var waiting = Decide(run, null);
        Assert.Equal((RunPhase.Waiting, "WaitingForRun"), (waiting.Status.Phase, waiting.Status.Conditions![0].Reason));

        run.Status = (FineTuneRunStatus)waiting.Status;
        run.Status = (FineTuneRunStatus)Decide(run, null, Make.Now.AddMinutes(9)).Status;
        Assert.Equal(RunPhase.Waiting, run.Status.Phase);
        var failed = Decide(run, null, Make.Now.AddMinutes(10));
        Assert.Equal((RunPhase.Failed, Reasons.DependencyMissing), (failed.Status.Phase, failed.Status.Conditions![0].Reason));
    }

    [Fact]
    public void ReferenceThatAppearsAndVanishes_StartsTheTimeoutAnew()
    {
        var run = Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 600 });
        run.Status = (FineTuneRunStatus)Decide(run, null).Status;
        run.Status = (FineTuneRunStatus)Decide(run, new ReferencedRun(RunPhase.Running, null, null), Make.Now.AddMinutes(9)).Status;
        run.Status = (FineTuneRunStatus)Decide(run, null, Make.Now.AddMinutes(11)).Status;
        Assert.Equal(RunPhase.Waiting, Decide(run, null, Make.Now.AddMinutes(20)).Status.Phase);
        Assert.Equal(RunPhase.Failed, Decide(run, null, Make.Now.AddMinutes(21)).Status.Phase);
    }

    [Fact]
    public void Cycle_Fails()
    {
        var d = Decide(Make.FineTune(), new ReferencedRun(RunPhase.Waiting, null, null, WaitsForThis: true));
        Assert.Equal((RunPhase.Failed, Reasons.DependencyCycle), (d.Status.Phase, d.Status.Conditions![0].Reason));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(RunPhase.Failed)]
    public void StartedRun_GoesOnWithItsReferences_WhateverHasBecomeOfThem(RunPhase? phase)
    {
        var run = Make.FineTune(status: new FineTuneRunStatus
        {
            Phase = RunPhase.Running,
            StartTime = Make.Now,
            OutputUri = "az://runs/team/f"
        });
        var job = Make.Job(run, references: new Dictionary<string, string> { ["SamplingRun/s"] = "az://elsewhere/out" });
        var references = new Dictionary<RunReference, ReferencedRun?> { [Samples] = phase is null ? null : new(phase, null, null) };
        var d = decider.Decide(new RunObservation
        {
            Run = run,
            Job = job,
            Pods = [Make.Pod(run)],
            Now = Make.Now,
            References = references
        });
        Assert.Empty(d.Actions);
        Assert.Equal((RunPhase.Running, "az://elsewhere/out"), (d.Status.Phase, d.Status.References!["SamplingRun/s"]));

        run.Status = (FineTuneRunStatus)d.Status;       // the Job is gone, the status remembers
        Assert.Contains("SamplingRun/s=az://elsewhere/out",
            decider.Decide(new RunObservation { Run = run, Now = Make.Now, References = references })
            .Actions.OfType<RunAction.CreateJob>().Single().Job.Spec.Template.Spec.Containers[0].Args);
    }

    [Fact]
    public void RunThatFailedForItsReference_Recovers()
    {
        var run = Make.FineTune();
        run.Status = (FineTuneRunStatus)Decide(run, new ReferencedRun(RunPhase.Failed, null, "no such blob")).Status;
        Assert.Equal(RunPhase.Failed, Decide(run, new ReferencedRun(RunPhase.Failed, null, "no such blob")).Status.Phase);
        var waiting = Decide(run, new ReferencedRun(RunPhase.Running, null, null));
        Assert.Equal((RunPhase.Waiting, null), (waiting.Status.Phase, waiting.Status.CompletionTime));
        Assert.Single(Decide(run, new ReferencedRun(RunPhase.Succeeded, "az://x", null)).Actions.OfType<RunAction.CreateJob>());
    }

    [Fact]
    public void MissingReference_IsLookedForAgainWhenItsTimeIsOver_NotBefore() =>
        Assert.Equal(TimeSpan.FromSeconds(8),
            Decide(Make.FineTune(change: s => s with { DependencyTimeoutSeconds = 8 }), null).RequeueAfter);

    private RunDecision Decide(FineTuneRunEntity run, ReferencedRun? reference, DateTimeOffset? now = null) =>
        decider.Decide(new RunObservation
        {
            Run = run,
            Now = now ?? Make.Now,
            References = new Dictionary<RunReference, ReferencedRun?> { [Samples] = reference },
        });
}
