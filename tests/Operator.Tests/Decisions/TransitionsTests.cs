namespace LightReasoner.Operator.Tests.Decisions;

public sealed class TransitionsTests
{
    private static readonly SamplingRunStatus Running = new()
    {
        Phase = RunPhase.Running,
        StartTime = Make.Now.AddMinutes(-10),
        JobName = "s-srun",
        OutputUri = "az://runs/team/s"
    };

    private static readonly RunStatus Timed = Running with
    {
        Progress = new RunProgress
        {
            Unit = "prompts",
            Done = 12,
            Total = 600,
            Display = "12/600",
            RatePerSecond = 2.5,
            EstimatedCompletion = Make.Now.AddMinutes(4)
        }
    };

    private static readonly string Ready =
        $"12/600 prompts done, 2.5 a second; ready about {Make.Now.AddMinutes(4):yyyy-MM-dd HH:mm} UTC";

    /// <summary>The next attempt is at work already when the failure is seen: the event still says what the failed one said.</summary>
    [Fact]
    public void AttemptFailed_NextAttemptAtWork_CarriesTheLastLineOfTheFailedOne()
    {
        var run = Make.Sampling(status: Running);
        var o = new RunObservation
        {
            Run = run,
            Job = Make.Job(run, s => s.Failed = 1),
            Pods = [Make.EndedPod(run, 1, "step 7\nerror: No space left on device : '/tmp/x'", name: "first"),
            Make.Pod(run, name: "second")],
            Now = Make.Now
        };
        var after = new RunDecider(Make.Options).Decide(o).Status;

        var failed = Assert.Single(Transitions.Between(Running, after, JobStanding.LastFailedAttempt(o)), e =>
            e.Reason == "AttemptFailed");
        Assert.Equal("error: No space left on device : '/tmp/x' (exit code 1)", failed.Message);
    }

    [Fact]
    public void Planned_WorkersPlan_IsAnEventOnce_AndSaysWhenItIsReadyAsSoonAsThatIsKnown()
    {
        RunStatus planned = Running with { Message = $"100 questions, {ProgressReport.PlanWords} 300 MiB; warning: 3 of 100 questions" };
        var plan = Assert.Single(Transitions.Between(Running, planned));
        Assert.Equal(("Planned", $"{planned.Message}; when it will be ready is said after the first batches (Estimated)"),
            (plan.Reason, plan.Message));
        Assert.Empty(Transitions.Between(planned, planned));

        // A report may bring both at once.
        plan = Assert.Single(Transitions.Between(Running, planned with { Progress = Timed.Progress }));
        Assert.Equal(("Planned", $"{planned.Message}; {Ready}"), (plan.Reason, plan.Message));
    }

    [Fact]
    public void Estimated_FirstTimedBatches_AreAnEventOnce()
    {
        var estimate = Assert.Single(Transitions.Between(Running, Timed));
        Assert.Equal(("Estimated", Ready), (estimate.Reason, estimate.Message));
        var later = Timed with { Progress = Timed.Progress! with { Done = 20, EstimatedCompletion = Make.Now.AddMinutes(3) } };
        Assert.Empty(Transitions.Between(Timed, later));
    }

    [Theory]
    [InlineData("PodFailurePolicy", 1, 0)]
    [InlineData("BackoffLimitExceeded", 4, 3)]
    public void Retries_OfAFailedRun_AreAttemptsThatFollowedAFailure(string reason, int failed, int retries)
    {
        var run = Make.FineTune(status: new FineTuneRunStatus
        {
            Phase = RunPhase.Running,
            StartTime = Make.Now.AddMinutes(-10),
            References = new Dictionary<string, string> { ["SamplingRun/s"] = "az://s" }
        });
        var job = Make.Job(run, s => (s.Failed, s.Conditions) = (failed, [Make.Condition("Failed", reason, "it failed")]),
            references: new() { ["SamplingRun/s"] = "az://s" });
        var d = new RunDecider(Make.Options).Decide(new RunObservation
        {
            Run = run,
            Job = job,
            Pods = [Make.EndedPod(run, reason == "PodFailurePolicy" ? 65 : 1, "error: no")],
            Now = Make.Now
        });

        Assert.Equal((RunPhase.Failed, retries), (d.Status.Phase, d.Status.Retries));
    }

    /// <summary>Whatever a pod says with its last words, in whatever form a secret stands there: neither status nor events repeat
    /// it.</summary>
    [Fact]
    public void PodThatQuotesSecrets_LeavesNoneInStatusAndEvents()
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            var secret = Convert.ToHexString(Enumerable.Range(0, random.Next(8, 24)).Select(_ => (byte)random.Next(256)).ToArray());
            var words = "error: cannot read " + random.Next(6) switch
            {
                0 => $"https://alice:{secret}@host/model",
                1 => $"https://account.blob.core.windows.net/c/q.jsonl?sv=2024-11-04&sig={secret}",
                2 => $"https://bucket.s3.amazonaws.com/key?X-Amz-Signature={secret}&X-Amz-Expires=60",
                3 => $"the account: DefaultEndpointsProtocol=https;AccountName=a;AccountKey={secret};EndpointSuffix=core",
                4 => $"https://host/x?access_token={secret}",
                _ => $"https://host/x: Authorization: Bearer {secret}",
            };
            var run = Make.Sampling(status: Running);
            var ended = random.Next(2) == 0;
            var job = Make.Job(run, s =>
                (s.Failed, s.Conditions) = (1, ended ? [Make.Condition("Failed", "PodFailurePolicy", words)] : null));
            var o = new RunObservation { Run = run, Job = job, Pods = [Make.EndedPod(run, ended ? 65 : 1, words)], Now = Make.Now };
            var after = new RunDecider(Make.Options).Decide(o).Status;

            var told = string.Join('\n', Transitions.Between(Running, after, JobStanding.LastFailedAttempt(o)).Select(e => e.Message)
                .Append(System.Text.Json.JsonSerializer.Serialize(after, after.GetType(), ApiJson.Options)));
            Assert.Contains("cannot read", told);
            Assert.DoesNotContain(secret, told);
        }
    }
}
