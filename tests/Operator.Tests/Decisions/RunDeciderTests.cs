namespace LightReasoner.Operator.Tests.Decisions;

public sealed class RunDeciderTests
{
    private readonly RunDecider decider = new(Make.Options);

    private static readonly SamplingRunStatus Started = new()
    {
        Phase = RunPhase.Running,
        StartTime = Make.Now.AddMinutes(-10),
        JobName = "s-srun",
        OutputUri = "az://runs/team/s",
    };

    [Fact]
    public void New_MakesDocumentThenJob_AndLooksAgain()
    {
        RunDecision d = decider.Decide(new RunObservation { Run = Make.Sampling(), Now = Make.Now });

        Assert.Collection(d.Actions, a => Assert.IsType<RunAction.CreateDocument>(a), a => Assert.IsType<RunAction.CreateJob>(a));
        Assert.Equal(RunPhase.Pending, d.Status.Phase);
        Assert.Equal("az://runs/team/s", d.Status.OutputUri);
        Assert.Equal(3, d.Status.ObservedGeneration);
        Assert.NotNull(d.RequeueAfter);
        Assert.Equal(("False", "True", "False"), Kstatus(d.Status));
    }

    [Fact]
    public void New_WithoutAnyOutput_NeedsAction()
    {
        RunDecision d = new RunDecider(Make.Options with { OutputPrefix = null }).Decide(new RunObservation { Run = Make.Sampling(), Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.NoOutput, Ready(d.Status).Reason);
        Assert.Equal(("False", "False", "True"), Kstatus(d.Status));
        Assert.NotNull(d.RequeueAfter);
    }

    [Fact]
    public void New_BreakingARule_NeedsActionWithTheFieldsPath()
    {
        RunDecision d = decider.Decide(new RunObservation { Run = Make.Sampling(change: s => s with { Selection = new SelectionSpec { Beta = -1 } }), Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.InvalidSpec, Ready(d.Status).Reason);
        Assert.Contains("spec.selection.beta", d.Status.Message);
    }

    [Fact]
    public void ForeignJobUnderTheName_NeedsAction_AndIsLeftAlone()
    {
        SamplingRunEntity run = Make.Sampling();
        V1Job foreign = Make.Job(run);
        foreign.Metadata.OwnerReferences[0].Uid = "someone-else";
        RunDecision d = decider.Decide(new RunObservation { Run = run, Job = foreign, Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.NameTaken, Ready(d.Status).Reason);
    }

    [Fact]
    public void DeletedRun_NothingIsMade()
    {
        SamplingRunEntity run = Make.Sampling();
        run.Metadata.DeletionTimestamp = Make.Now.UtcDateTime;
        Assert.Empty(decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Actions);
    }

    [Theory]
    [InlineData(RunPhase.Succeeded)]
    [InlineData(RunPhase.Failed)]
    public void FinishedRunWithoutJob_IsNeverRunAgain(RunPhase phase)
    {
        RunDecision d = decider.Decide(new RunObservation { Run = Make.Sampling(status: Started with { Phase = phase, CompletionTime = Make.Now }), Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(phase, d.Status.Phase);
        Assert.Null(d.RequeueAfter);
    }

    [Theory]
    [InlineData(1, "every pod is done")]
    [InlineData(2, "the next pod is starting")]
    public void PodsHaveSucceeded_TheMessageSaysWhatIsAwaited(int shards, string message)
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { Shards = shards, Parallelism = 1 }, status: Started);
        RunDecision d = decider.Decide(new RunObservation { Run = run, Document = Make.Document(run), Job = Make.Job(run), Pods = [Make.EndedPod(run, 0, null)], Now = Make.Now });

        Assert.Equal(RunPhase.Running, d.Status.Phase);
        Assert.StartsWith(message, d.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnfinishedRunWithoutJob_GetsItsJobAgain()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        RunDecision d = decider.Decide(new RunObservation { Run = run, Document = Make.Document(run), Now = Make.Now });

        Assert.IsType<RunAction.CreateJob>(Assert.Single(d.Actions));
        Assert.Equal(Started.StartTime, d.Status.StartTime);
    }

    [Fact]
    public void UnfinishedRunWithoutJob_WaitsForPodsOfTheOldJob()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        RunDecision d = decider.Decide(new RunObservation { Run = run, Document = Make.Document(run), Pods = [Make.Pod(run)], Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.WaitingForOldPods, Ready(d.Status).Reason);
    }

    [Fact]
    public void WorkingPod_IsRunning()
    {
        SamplingRunEntity run = Make.Sampling();
        RunDecision d = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)));

        Assert.Empty(d.Actions);
        Assert.Equal(RunPhase.Running, d.Status.Phase);
        Assert.Equal(Make.Now.AddMinutes(-10), d.Status.StartTime);
        Assert.Equal("s-srun", d.Status.JobName);
        Assert.Equal(new ShardCounts { Total = 1, Active = 1 }, d.Status.Shards);
        Assert.NotNull(d.RequeueAfter);
    }

    public static TheoryData<string, string, string> PodObstacles => new()
    {
        { "unschedulable", Reasons.Unschedulable, "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." },
        { "image", Reasons.ImagePull, "img:1 cannot be pulled (ImagePullBackOff): not found" },
        { "config", Reasons.ContainerConfig, "secret \"blob-credentials\" not found" },
    };

    [Theory]
    [MemberData(nameof(PodObstacles))]
    public void PodThatCannotRun_IsPendingWithTheReason(string what, string reason, string message)
    {
        SamplingRunEntity run = Make.Sampling();
        V1Pod pod = Make.Pod(run, phase: "Pending", status: what switch
        {
            "unschedulable" => s => s.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." }],
            "image" => Make.WaitsBecause("ImagePullBackOff", "not found"),
            _ => Make.WaitsBecause("CreateContainerConfigError", "secret \"blob-credentials\" not found"),
        });
        RunDecision d = decider.Decide(Observe(run, Make.Job(run, s => s.Active = 1), pod));

        Assert.Equal(RunPhase.Pending, d.Status.Phase);
        Assert.Equal(reason, Ready(d.Status).Reason);
        Assert.Contains(message, d.Status.Message);
    }

    [Fact]
    public void QuotaAgainstPods_IsPendingWithTheQuota()
    {
        SamplingRunEntity run = Make.Sampling();
        RunDecision d = decider.Decide(Observe(run, Make.Job(run)) with { PodRefusal = "Error creating: pods \"s-srun-0-x\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1" });

        Assert.Equal((RunPhase.Pending, Reasons.QuotaExceeded), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Contains("exceeded quota: gpus", d.Status.Message);
    }

    [Fact]
    public void CrashedPod_IsRetriedWithTheWorkersWords()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        string words = Make.Json(Make.Report(0, 5, 10, outcome: ReportOutcome.Failed) with { Message = "connection to hub lost" });
        RunDecision d = decider.Decide(Observe(run, Make.Job(run, s => s.Failed = 1), Make.EndedPod(run, 1, words)));

        Assert.Equal((RunPhase.Running, Reasons.Retrying), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Contains("connection to hub lost (exit code 1)", d.Status.Message);
        Assert.Equal(1, d.Status.Retries);
    }

    [Theory]
    [InlineData(65, "BadData")]
    [InlineData(66, "MissingInput")]
    [InlineData(77, "NoPermission")]
    [InlineData(78, "BadManifest")]
    public void FinalExitCode_FailsWithTheWorkersWords(int code, string reason)
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        V1Job job = Make.Job(run, s => s.Conditions = [Make.Condition("Failed", "PodFailurePolicy", "Container worker failed")]);
        string words = Make.Json(Make.Report(0, 0, 0, outcome: ReportOutcome.Failed) with { Message = "az://data/q.jsonl line 17: field 'question' is missing" });
        RunDecision d = decider.Decide(Observe(run, job, Make.EndedPod(run, code, words)));

        Assert.Equal((RunPhase.Failed, reason), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Equal($"az://data/q.jsonl line 17: field 'question' is missing (exit code {code})", d.Status.Message);
        Assert.Equal(Make.Now, d.Status.CompletionTime);
        Assert.Equal(("False", "False", "True"), Kstatus(d.Status));
        Assert.Null(d.RequeueAfter);
    }

    [Fact]
    public void RetriesExhausted_NamesTheShardAndItsLastLine()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { Shards = 4 }, status: Started);
        V1Job job = Make.Job(run, s =>
        {
            s.Conditions = [Make.Condition("Failed", "FailedIndexes", "Job has failed indexes")];
            s.FailedIndexes = "2";
            s.Succeeded = 3;
        });
        RunDecision d = decider.Decide(Observe(run, job, Make.EndedPod(run, 137, "loading\nout of memory on device\n", shard: 2, reason: "Error")));

        Assert.Equal((RunPhase.Failed, Reasons.RetriesExhausted), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Contains("shard 2: out of memory on device (exit code 137)", d.Status.Message);
        Assert.Equal(new ShardCounts { Total = 4, Succeeded = 3, Failed = 1 }, d.Status.Shards);
    }

    [Fact]
    public void Deadline_FailsWithIt()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { ActiveDeadlineSeconds = 60 }, status: Started);
        RunDecision d = decider.Decide(Observe(run, Make.Job(run, s => s.Conditions = [Make.Condition("Failed", "DeadlineExceeded")])));

        Assert.Equal((RunPhase.Failed, Reasons.DeadlineExceeded), (d.Status.Phase, Ready(d.Status).Reason));
    }

    [Fact]
    public void CompleteJob_SucceedsWithFiguresOfTheTerminationMessages()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { Shards = 2 }, status: Started);
        RunDecision d = decider.Decide(Observe(run, Make.Job(run, s => { s.Conditions = [Make.Condition("Complete")]; s.Succeeded = 2; })) with
        {
            Progress = [Make.Progress(Make.Report(0, 60, 60, outcome: ReportOutcome.Succeeded)), Make.Progress(Make.Report(1, 40, 40, outcome: ReportOutcome.Succeeded))],
        });

        Assert.Equal(RunPhase.Succeeded, d.Status.Phase);
        Assert.Equal(("True", "False", "False"), Kstatus(d.Status));
        Assert.Equal("100/100", d.Status.Progress!.Display);
        Assert.Equal(100, d.Status.Progress.Percent);
        SamplingMetrics metrics = ((SamplingRunStatus)d.Status).Metrics!;
        Assert.Equal((100, 1000, 200, 0.2), (metrics.PromptsDone, metrics.StepsSeen, metrics.SamplesKept, metrics.KeepRate));
        Assert.Equal(1.4, metrics.MeanKl);
        Assert.Equal(2, d.Status.Shards!.Succeeded);
    }

    [Fact]
    public void SuccessCriteriaMet_IsNotTheEndYet()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        V1Job job = Make.Job(run, s => s.Conditions = [Make.Condition("SuccessCriteriaMet")]);
        Assert.Equal(RunPhase.Running, decider.Decide(Observe(run, job, Make.EndedPod(run, 0, null))).Status.Phase);
    }

    [Fact]
    public void Suspend_IsHandedToTheJob_AndBack()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        V1Job job = Make.Job(run);
        run.Spec = run.Spec with { Suspend = true };
        RunDecision d = decider.Decide(Observe(run, job, Make.Pod(run)));
        RunAction.PatchJob patch = Assert.IsType<RunAction.PatchJob>(d.Actions.Single(a => a is RunAction.PatchJob));
        Assert.True(patch.Suspend);
        Assert.Equal((RunPhase.Suspended, Reasons.Stopping), (d.Status.Phase, Ready(d.Status).Reason));

        job.Spec.Suspend = true;
        run.Spec = run.Spec with { Suspend = false };
        run.Status = (SamplingRunStatus)d.Status;
        RunDecision resumed = decider.Decide(Observe(run, job));
        Assert.False(Assert.IsType<RunAction.PatchJob>(resumed.Actions.Single(a => a is RunAction.PatchJob)).Suspend);
    }

    [Fact]
    public void Deadline_DoesNotCountTheTimeSuspended_NorStartAnew()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { ActiveDeadlineSeconds = 3600 }, status: Started);
        V1Job job = Make.Job(run);
        run.Spec = run.Spec with { Suspend = true };
        RunAction.PatchJob suspend = decider.Decide(Observe(run, job, Make.Pod(run))).Actions.OfType<RunAction.PatchJob>().Single();
        Assert.Equal((true, 600L), (suspend.Suspend, suspend.ActiveSeconds));       // active for ten minutes

        job.Spec.Suspend = true;
        job.Status.StartTime = null;
        job.Metadata.Annotations[Labels.ActiveSeconds] = "600";
        run.Spec = run.Spec with { Suspend = false };
        RunAction.PatchJob resume = decider.Decide(Observe(run, job) with { Now = Make.Now.AddDays(1) }).Actions.OfType<RunAction.PatchJob>().Single();
        Assert.Equal((false, 3000L), (resume.Suspend, resume.DeadlineSeconds));
    }

    [Fact]
    public void SuspendedBeforeItsStart_MakesNoJob()
    {
        RunDecision d = decider.Decide(new RunObservation { Run = Make.Sampling(change: s => s with { Suspend = true }), Now = Make.Now });
        Assert.DoesNotContain(d.Actions, a => a is RunAction.CreateJob);
        Assert.Equal(RunPhase.Suspended, d.Status.Phase);
    }

    [Fact]
    public void Parallelism_IsHandedToTheRunningJob()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { Shards = 8 }, status: Started);
        V1Job job = Make.Job(run);
        run.Spec = run.Spec with { Parallelism = 3 };
        RunAction.PatchJob patch = Assert.IsType<RunAction.PatchJob>(decider.Decide(Observe(run, job, Make.Pod(run))).Actions.Single(a => a is RunAction.PatchJob));
        Assert.Equal((null, 3), (patch.Suspend, patch.Parallelism));
    }

    [Fact]
    public void Queue_CreatesASuspendedJob_AndLeavesItToKueue()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { QueueName = "gpus", Shards = 4 });
        RunDecision d = decider.Decide(new RunObservation { Run = run, Now = Make.Now });
        V1Job job = d.Actions.OfType<RunAction.CreateJob>().Single().Job;
        Assert.True(job.Spec.Suspend);
        Assert.Equal("gpus", job.Metadata.Labels[Labels.Queue]);
        Assert.Equal(RunPhase.Queued, d.Status.Phase);

        job.Status = new V1JobStatus();
        Assert.Empty(decider.Decide(Observe(run, job)).Actions);
        job.Spec.Suspend = false;
        job.Spec.Parallelism = 2;       // partial admission
        Assert.Empty(decider.Decide(Observe(run, job)).Actions);
    }

    [Fact]
    public void QueuedRunThatIsSuspended_GivesItsJobBack()
    {
        SamplingRunEntity run = Make.Sampling(change: s => s with { QueueName = "gpus" }, status: Started);
        V1Job job = Make.Job(run);
        run.Spec = run.Spec with { Suspend = true };
        RunDecision d = decider.Decide(Observe(run, job, Make.Pod(run)));
        Assert.Contains(d.Actions, a => a is RunAction.DeleteJob);
        Assert.Equal(RunPhase.Suspended, d.Status.Phase);
    }

    [Fact]
    public void SpecChangedBeforeTheStart_ReplacesTheJob()
    {
        SamplingRunEntity run = Make.Sampling();
        V1Job job = Make.Job(run, started: false);
        run.Spec = run.Spec with { Worker = new WorkerSpec { Gpus = 0 } };
        Assert.Contains(decider.Decide(Observe(run, job)).Actions, a => a is RunAction.DeleteJob);
    }

    [Fact]
    public void NewOperatorImage_LeavesRunningPodsAlone()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        RunDecision d = new RunDecider(Make.Options with { WorkerImage = "registry.example/worker:2" }).Decide(Observe(run, Make.Job(run), Make.Pod(run)));
        Assert.Empty(d.Actions);
    }

    [Fact]
    public void TamperedDocument_IsHealed()
    {
        SamplingRunEntity run = Make.Sampling(status: Started);
        V1ConfigMap document = Make.Document(run);
        document.Data[PodTemplate.DocumentFile] = "{}";
        RunDecision d = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)) with { Document = document });
        RunAction.ReplaceDocument replace = Assert.IsType<RunAction.ReplaceDocument>(Assert.Single(d.Actions));
        Assert.Equal(Make.Document(run).Data[PodTemplate.DocumentFile], replace.Document.Data[PodTemplate.DocumentFile]);
    }

    [Fact]
    public void TimeToLive_DeletesTheFinishedRunOnTime()
    {
        SamplingRunStatus done = Started with { Phase = RunPhase.Succeeded, CompletionTime = Make.Now };
        SamplingRunEntity run = Make.Sampling(change: s => s with { TtlSecondsAfterFinished = 100 }, status: done);
        RunDecision early = decider.Decide(new RunObservation { Run = run, Now = Make.Now.AddSeconds(40) });
        Assert.Empty(early.Actions);
        Assert.Equal(TimeSpan.FromSeconds(60), early.RequeueAfter);
        Assert.IsType<RunAction.DeleteRun>(Assert.Single(decider.Decide(new RunObservation { Run = run, Now = Make.Now.AddSeconds(100) }).Actions));
    }

    [Fact]
    public void SameObservation_SameStatus()
    {
        SamplingRunEntity run = Make.Sampling();
        RunObservation o = Observe(run, Make.Job(run), Make.Pod(run)) with { Progress = [Make.Progress(Make.Report(0, 5, 10))] };
        run.Status = (SamplingRunStatus)decider.Decide(o).Status;
        RunStatus again = decider.Decide(o with { Now = Make.Now.AddMilliseconds(300) }).Status;
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(run.Status, ApiJson.Options), System.Text.Json.JsonSerializer.Serialize((SamplingRunStatus)again, ApiJson.Options));
    }

    private static RunObservation Observe(IRunEntity run, V1Job job, params V1Pod[] pods) =>
        new() { Run = run, Job = job, Document = Make.Document(run), Pods = pods, Now = Make.Now };

    private static RunCondition Ready(RunStatus status) => Conditions.Find(status.Conditions, Conditions.Ready)!;

    private static (string, string, string) Kstatus(RunStatus status) =>
        (Ready(status).Status, Conditions.Find(status.Conditions, Conditions.Reconciling)!.Status, Conditions.Find(status.Conditions, Conditions.Stalled)!.Status);
}
