namespace LightReasoner.Operator.Tests.Decisions;

public sealed class TransitionsTests
{
    private static readonly SamplingRunStatus Running = new() { Phase = RunPhase.Running, StartTime = Make.Now.AddMinutes(-10),
        JobName = "s-srun", OutputUri = "az://runs/team/s" };

    /// <summary>The next attempt is at work already when the failure is seen: the event still says what the failed one said.</summary>
    [Fact]
    public void AttemptFailed_NextAttemptAtWork_CarriesTheLastLineOfTheFailedOne()
    {
        SamplingRunEntity run = Make.Sampling(status: Running);
        var o = new RunObservation { Run = run, Job = Make.Job(run, s => s.Failed = 1),
            Pods = [Make.EndedPod(run, 1, "step 7\nerror: No space left on device : '/tmp/x'", name: "first"),
            Make.Pod(run, name: "second")], Now = Make.Now };
        RunStatus after = new RunDecider(Make.Options).Decide(o).Status;

        RunEvent failed = Assert.Single(Transitions.Between(Running, after, JobStanding.LastFailedAttempt(o)), e =>
            e.Reason == "AttemptFailed");
        Assert.Equal("error: No space left on device : '/tmp/x' (exit code 1)", failed.Message);
    }

    [Fact]
    public void Planned_WorkersPlan_IsAnEventOnce()
    {
        RunStatus planned = Running with { Message = $"100 questions, {ProgressReport.PlanWords} 300 MiB; warning: 3 of 100 questions" };
        RunEvent plan = Assert.Single(Transitions.Between(Running, planned));
        Assert.Equal(("Planned", planned.Message), (plan.Reason, plan.Message));
        Assert.Empty(Transitions.Between(planned, planned));
    }

    [Theory]
    [InlineData("PodFailurePolicy", 1, 0)]
    [InlineData("BackoffLimitExceeded", 4, 3)]
    public void Retries_OfAFailedRun_AreAttemptsThatFollowedAFailure(string reason, int failed, int retries)
    {
        FineTuneRunEntity run = Make.FineTune(status: new FineTuneRunStatus { Phase = RunPhase.Running,
            StartTime = Make.Now.AddMinutes(-10), References = new Dictionary<string, string> { ["SamplingRun/s"] = "az://s" } });
        V1Job job = Make.Job(run, s => (s.Failed, s.Conditions) = (failed, [Make.Condition("Failed", reason, "it failed")]),
            references: new() { ["SamplingRun/s"] = "az://s" });
        RunDecision d = new RunDecider(Make.Options).Decide(new RunObservation { Run = run, Job = job,
            Pods = [Make.EndedPod(run, reason == "PodFailurePolicy" ? 65 : 1, "error: no")], Now = Make.Now });

        Assert.Equal((RunPhase.Failed, retries), (d.Status.Phase, d.Status.Retries));
    }
}
