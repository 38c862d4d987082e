using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Progress;

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
    public void New_BecomesOneJob()
    {
        var d = decider.Decide(new RunObservation { Run = Make.Sampling(), Now = Make.Now });

        Assert.IsType<RunAction.CreateJob>(Assert.Single(d.Actions));
        Assert.Equal(RunPhase.Pending, d.Status.Phase);
        Assert.Equal("az://runs/team/samplingrun/s", d.Status.OutputUri);
        Assert.Equal(3, d.Status.ObservedGeneration);
        Assert.Equal(("False", "True", "False"), Kstatus(d.Status));
    }

    [Fact]
    public void New_WithoutAnyOutput_NeedsAction()
    {
        var d = new RunDecider(Make.Options with { OutputPrefix = null }).Decide(
            new RunObservation { Run = Make.Sampling(), Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.NoOutput, Ready(d.Status).Reason);
        Assert.Equal(("False", "False", "True"), Kstatus(d.Status));
        Assert.NotNull(d.RequeueAfter);
    }

    [Fact]
    public void New_BreakingARule_NeedsActionWithTheFieldsPath()
    {
        var d = decider.Decide(
            new RunObservation
            {
                Run = Make.Sampling(change: s => s with { Selection = new SelectionSpec { Beta = -1 } }),
                Now = Make.Now
            });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.InvalidSpec, Ready(d.Status).Reason);
        Assert.Contains("spec.selection.beta", d.Status.Message);
    }

    [Fact]
    public void JobOfAnEarlierRunOfTheName_IsWaitedFor()
    {
        var run = Make.Sampling();
        var earlier = Make.Job(run);
        earlier.Metadata.OwnerReferences[0].Uid = "the run before";
        var d = decider.Decide(new RunObservation { Run = run, EarlierJob = earlier, Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.WaitingForOldPods, Ready(d.Status).Reason);
        Assert.Equal(("False", "True", "False"), Kstatus(d.Status));
    }

    [Fact]
    public void DeletedRun_NothingIsMade()
    {
        var run = Make.Sampling();
        run.Metadata.DeletionTimestamp = Make.Now.UtcDateTime;
        Assert.Empty(decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Actions);
    }

    [Theory]
    [InlineData(RunPhase.Succeeded)]
    [InlineData(RunPhase.Failed)]
    public void FinishedRunWithoutJob_IsNeverRunAgain(RunPhase phase)
    {
        var d = decider.Decide(
            new RunObservation { Run = Make.Sampling(status: Started with { Phase = phase, CompletionTime = Make.Now }), Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(phase, d.Status.Phase);
        Assert.Null(d.RequeueAfter);
    }

    [Theory]
    [InlineData(1, "all pods are done")]
    [InlineData(2, "the next pod is starting")]
    public void PodsHaveSucceeded_TheMessageSaysWhatIsAwaited(int shards, string message)
    {
        var run = Make.Sampling(change: s => s with { Shards = shards, Parallelism = 1 }, status: Started);
        var d = decider.Decide(new RunObservation { Run = run, Job = Make.Job(run), Pods = [Make.EndedPod(run, 0, null)], Now = Make.Now });

        Assert.Equal(RunPhase.Running, d.Status.Phase);
        Assert.StartsWith(message, d.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnfinishedRunWithoutJob_GetsItsJobAgain()
    {
        var run = Make.Sampling(status: Started);
        var d = decider.Decide(new RunObservation { Run = run, Now = Make.Now });

        Assert.IsType<RunAction.CreateJob>(Assert.Single(d.Actions));
        Assert.Equal(Started.StartTime, d.Status.StartTime);
    }

    [Fact]
    public void UnfinishedRunWithoutJob_WaitsForPodsOfTheOldJob()
    {
        var run = Make.Sampling(status: Started);
        var d = decider.Decide(new RunObservation { Run = run, Pods = [Make.Pod(run)], Now = Make.Now });

        Assert.Empty(d.Actions);
        Assert.Equal(Reasons.WaitingForOldPods, Ready(d.Status).Reason);
    }

    [Fact]
    public void WorkingPod_IsRunning()
    {
        var run = Make.Sampling();
        var d = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)));

        Assert.Empty(d.Actions);
        Assert.Equal(RunPhase.Running, d.Status.Phase);
        Assert.Equal(Make.Now.AddMinutes(-10), d.Status.StartTime);
        Assert.Equal("s-srun", d.Status.JobName);
        Assert.Equal(new ShardCounts { Total = 1, Active = 1 }, d.Status.Shards);
        Assert.Null(d.RequeueAfter);        // whatever happens is told by the watches
    }

    /// <summary>From its start on, the spec is frozen.</summary>
    [Theory]
    [InlineData("Running", -9)]
    [InlineData("Succeeded", -9)]
    [InlineData("Pending", null)]
    public void Pod_ThatIsSeenBeforeTheJobsStart_TellsTheStart(string podPhase, int? minutes)
    {
        var run = Make.Sampling();
        var d = decider.Decide(Observe(run, Make.Job(run, started: false), Make.Pod(run, phase: podPhase)));

        Assert.Equal(minutes is { } m ? Make.Now.AddMinutes(m) : null, d.Status.StartTime);
    }

    [Fact]
    public void WorkingPod_ThatDownloads_SaysHowFar()
    {
        var run = Make.Sampling();
        var progress = ShardProgress.Add(null, Make.Report(0, 0, 0) with { Message = "downloading 3.1 of 14.2 GB" }, Make.Now);
        var d = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)) with { Progress = [progress] });
        Assert.Equal("downloading 3.1 of 14.2 GB", d.Status.Message);
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
        var run = Make.Sampling();
        var pod = Make.Pod(run, phase: "Pending", status: what switch
        {
            "unschedulable" => s =>
                s.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "Unschedulable",
                    Message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." }],
            "image" => Make.WaitsBecause("ImagePullBackOff", "not found"),
            _ => Make.WaitsBecause("CreateContainerConfigError", "secret \"blob-credentials\" not found"),
        });
        var d = decider.Decide(Observe(run, Make.Job(run, s => s.Active = 1), pod));

        Assert.Equal(RunPhase.Pending, d.Status.Phase);
        Assert.Equal(reason, Ready(d.Status).Reason);
        Assert.Contains(message, d.Status.Message);
    }

    [Fact]
    public void QuotaAgainstPods_IsPendingWithTheQuota()
    {
        var run = Make.Sampling();
        var d = decider.Decide(
            Observe(run, Make.Job(run)) with
            {
                PodRefusal =
                "Error creating: pods \"s-srun-0-x\" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1"
            });

        Assert.Equal((RunPhase.Pending, Reasons.QuotaExceeded), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Contains("exceeded quota: gpus", d.Status.Message);
    }

    [Fact]
    public void CrashedPod_IsRetriedWithTheWorkersWords()
    {
        var run = Make.Sampling(status: Started);
        var words = Make.Json(Make.Report(0, 5, 10, outcome: ReportOutcome.Failed) with { Message = "connection to hub lost" });
        var d = decider.Decide(Observe(run, Make.Job(run, s => s.Failed = 1), Make.EndedPod(run, 1, words)));

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
        var run = Make.Sampling(status: Started);
        var job = Make.Job(run, s => s.Conditions = [Make.Condition("Failed", "PodFailurePolicy", "Container worker failed")]);
        var words = Make.Json(
            Make.Report(0, 0, 0,
                outcome: ReportOutcome.Failed) with
            { Message = "az://data/q.jsonl line 17: field 'question' is missing" });
        var d = decider.Decide(Observe(run, job, Make.EndedPod(run, code, words)));

        Assert.Equal((RunPhase.Failed, reason), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Equal($"az://data/q.jsonl line 17: field 'question' is missing (exit code {code})", d.Status.Message);
        Assert.Equal(Make.Now, d.Status.CompletionTime);
        Assert.Equal(("False", "False", "True"), Kstatus(d.Status));
        Assert.Null(d.RequeueAfter);
    }

    [Fact]
    public void RetriesExhausted_NamesTheShardAndItsLastLine()
    {
        var run = Make.Sampling(change: s => s with { Shards = 4 }, status: Started);
        var job = Make.Job(run, s =>
        {
            s.Conditions = [Make.Condition("Failed", "FailedIndexes", "Job has failed indexes")];
            s.FailedIndexes = "2";
            s.Succeeded = 3;
        });
        var d = decider.Decide(Observe(run, job, Make.EndedPod(run, 137, "loading\nout of memory on device\n", shard: 2, reason: "Error")));

        Assert.Equal((RunPhase.Failed, Reasons.RetriesExhausted), (d.Status.Phase, Ready(d.Status).Reason));
        Assert.Contains("shard 2: out of memory on device (exit code 137)", d.Status.Message);
        Assert.Equal(new ShardCounts { Total = 4, Succeeded = 3, Failed = 1, Retries = 1 }, d.Status.Shards);
    }

    [Fact]
    public void Deadline_CountsTheTimeThatPodsWorked_AndStopsThem()
    {
        var run = Make.Sampling(change: s => s with { ActiveDeadlineSeconds = 3600 },
            status: Started with { ActiveSeconds = 3000, ActiveSince = Make.Now.AddSeconds(-500) });
        var early = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)));
        Assert.Equal((RunPhase.Running, TimeSpan.FromSeconds(100)), (early.Status.Phase, early.RequeueAfter));

        var over = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)) with { Now = Make.Now.AddSeconds(100) });
        Assert.Equal((RunPhase.Failed, Reasons.DeadlineExceeded), (over.Status.Phase, Ready(over.Status).Reason));
        Assert.IsType<RunAction.DeleteJob>(Assert.Single(over.Actions));
    }

    [Fact]
    public void Deadline_StandsStill_WhileNoPodWorks()
    {
        var run = Make.Sampling(change: s => s with { ActiveDeadlineSeconds = 3600 },
            status: Started with { ActiveSeconds = 10, ActiveSince = Make.Now.AddSeconds(-590) });
        var preempted = Make.Job(run);
        preempted.Spec.Suspend = true;
        run.Status = (SamplingRunStatus)decider.Decide(Observe(run, preempted)).Status;
        Assert.Equal((600L, null), (run.Status.ActiveSeconds, run.Status.ActiveSince));

        preempted.Spec.Suspend = false;
        var d = decider.Decide(Observe(run, preempted, Make.Pod(run)) with { Now = Make.Now.AddDays(1) });
        Assert.Equal((RunPhase.Running, TimeSpan.FromSeconds(3000)), (d.Status.Phase, d.RequeueAfter));
    }

    [Fact]
    public void CompleteJob_SucceedsWithFiguresOfTheTerminationMessages()
    {
        var run = Make.Sampling(change: s => s with { Shards = 2 }, status: Started);
        var d = decider.Decide(Observe(run, Make.Job(run, s => { s.Conditions = [Make.Condition("Complete")]; s.Succeeded = 2; })) with
        {
            Progress = [Make.Progress(Make.Report(0, 60, 60, outcome: ReportOutcome.Succeeded)),
                Make.Progress(Make.Report(1, 40, 40, outcome: ReportOutcome.Succeeded))],
        });

        Assert.Equal(RunPhase.Succeeded, d.Status.Phase);
        Assert.Equal(("True", "False", "False"), Kstatus(d.Status));
        Assert.Equal("100/100", d.Status.Progress!.Display);
        Assert.Equal(100, d.Status.Progress.Percent);
        var metrics = ((SamplingRunStatus)d.Status).Metrics!;
        Assert.Equal((100, 1000, 200, 0.2), (metrics.PromptsDone, metrics.StepsSeen, metrics.SamplesKept, metrics.KeepRate));
        Assert.Equal(1.4, metrics.MeanKl);
        Assert.Equal(2, d.Status.Shards!.Succeeded);
    }

    [Fact]
    public void SuccessCriteriaMet_IsNotTheEndYet()
    {
        var run = Make.Sampling(status: Started);
        var job = Make.Job(run, s => s.Conditions = [Make.Condition("SuccessCriteriaMet")]);
        Assert.Equal(RunPhase.Running, decider.Decide(Observe(run, job, Make.EndedPod(run, 0, null))).Status.Phase);
    }

    [Fact]
    public void Suspend_IsHandedToTheJob_AndBack()
    {
        var run = Make.Sampling(status: Started);
        var job = Make.Job(run);
        run.Spec = run.Spec with { Suspend = true };
        var d = decider.Decide(Observe(run, job, Make.Pod(run)));
        var patch = Assert.IsType<RunAction.PatchJob>(d.Actions.Single(a => a is RunAction.PatchJob));
        Assert.True(patch.Suspend);
        Assert.Equal((RunPhase.Suspended, Reasons.Stopping), (d.Status.Phase, Ready(d.Status).Reason));

        job.Spec.Suspend = true;
        run.Spec = run.Spec with { Suspend = false };
        run.Status = (SamplingRunStatus)d.Status;
        var resumed = decider.Decide(Observe(run, job));
        Assert.False(Assert.IsType<RunAction.PatchJob>(resumed.Actions.Single(a => a is RunAction.PatchJob)).Suspend);
    }

    [Fact]
    public void SuspendedBeforeItsStart_MakesNoJob()
    {
        var d = decider.Decide(new RunObservation { Run = Make.Sampling(change: s => s with { Suspend = true }), Now = Make.Now });
        Assert.DoesNotContain(d.Actions, a => a is RunAction.CreateJob);
        Assert.Equal(RunPhase.Suspended, d.Status.Phase);
    }

    [Fact]
    public void Parallelism_IsHandedToTheRunningJob()
    {
        var run = Make.Sampling(change: s => s with { Shards = 8 }, status: Started);
        var job = Make.Job(run);
        run.Spec = run.Spec with { Parallelism = 3 };
        var patch = Assert.IsType<RunAction.PatchJob>(
            decider.Decide(Observe(run, job, Make.Pod(run))).Actions.Single(a => a is RunAction.PatchJob));
        Assert.Equal((null, 3), (patch.Suspend, patch.Parallelism));
    }

    [Fact]
    public void Queue_CreatesASuspendedJob_AndLeavesItToKueue()
    {
        var run = Make.Sampling(change: s => s with { QueueName = "gpus", Shards = 4 });
        var d = decider.Decide(new RunObservation { Run = run, Now = Make.Now });
        var job = d.Actions.OfType<RunAction.CreateJob>().Single().Job;
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
        var run = Make.Sampling(change: s => s with { QueueName = "gpus" }, status: Started);
        var job = Make.Job(run);
        run.Spec = run.Spec with { Suspend = true };
        var d = decider.Decide(Observe(run, job, Make.Pod(run)));
        Assert.Contains(d.Actions, a => a is RunAction.DeleteJob);
        Assert.Equal(RunPhase.Suspended, d.Status.Phase);
    }

    [Fact]
    public void SpecChangedBeforeTheStart_ReplacesTheJob()
    {
        var run = Make.Sampling();
        var job = Make.Job(run, started: false);
        run.Spec = run.Spec with { Worker = new WorkerSpec { Gpus = 0 } };
        Assert.Contains(decider.Decide(Observe(run, job)).Actions, a => a is RunAction.DeleteJob);
    }

    [Fact]
    public void NewOperatorImage_LeavesRunningPodsAlone()
    {
        var run = Make.Sampling(status: Started);
        var d = new RunDecider(Make.Options with { WorkerCudaImage = "registry.example/worker:2-cuda" }).Decide(
            Observe(run, Make.Job(run), Make.Pod(run)));
        Assert.Empty(d.Actions);
    }

    [Fact]
    public void SpecChangedWhileNoPodWorks_ReplacesTheJob_AndKeepsWhatWasCounted()
    {
        var run = Make.Sampling(status: Started with { Retries = 2, ActiveSeconds = 100 });
        var job = Make.Job(run);
        run.Spec = run.Spec with
        {
            Worker =
            new WorkerSpec { Resources = System.Text.Json.Nodes.JsonNode.Parse("""{"limits":{"memory":"64Gi"}}""")!.AsObject() }
        };
        var unschedulable = Make.Pod(run, phase: "Pending");
        var d = decider.Decide(Observe(run, job, unschedulable));
        Assert.IsType<RunAction.DeleteJob>(Assert.Single(d.Actions));

        run.Status = (SamplingRunStatus)d.Status;
        var next = Assert.IsType<RunAction.CreateJob>(
            Assert.Single(decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Actions)).Job;
        Assert.Equal((1, "2"), (next.Spec.BackoffLimit, next.Metadata.Annotations[Labels.RetriesBefore]));
        Assert.Equal("64Gi", next.Spec.Template.Spec.Containers[0].Resources.Limits["memory"].ToString());
        Assert.Equal((2, 100L), (run.Status.Retries, run.Status.ActiveSeconds));
    }

    [Fact]
    public void SeveralShards_WhoseJobIsReplaced_KeepWhatWasCounted()
    {
        var run = Make.Sampling(change: s => s with { Shards = 3, Retries = 3 }, status: Started);
        var job = Make.Job(run, s => s.Failed = 3);
        var disrupted = Make.EndedPod(run, 137, null, 2, "c");
        disrupted.Status.Conditions = [new V1PodCondition { Type = "DisruptionTarget", Status = "True" }];
        V1Pod[] pods = [Make.EndedPod(run, 1, "oom", 0, "a"), Make.EndedPod(run, 1, "oom", 0, "b"), Make.EndedPod(run, 1, "oom", 1, "a"),
            disrupted];
        pods[1].Metadata.Annotations[Labels.FailureCount] = "1";
        Assert.Equal(3, job.Spec.BackoffLimitPerIndex);
        run.Spec = run.Spec with { Worker = new WorkerSpec { Image = "mine:2" } };
        var d = decider.Decide(Observe(run, job, pods));
        Assert.IsType<RunAction.DeleteJob>(Assert.Single(d.Actions));

        // The first shard has failed twice, and has one retry left; so have the others.
        run.Status = (SamplingRunStatus)d.Status;
        var next = Assert.IsType<RunAction.CreateJob>(
            Assert.Single(decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Actions)).Job;
        Assert.Equal((1, 2, 3), (next.Spec.BackoffLimitPerIndex, run.Status.Shards!.Retries, run.Status.Retries));

        // It fails again in the new Job, which is replaced too.
        next.Metadata.Uid = "job-uid";
        next.Status = new V1JobStatus { Failed = 1, StartTime = Make.Now.UtcDateTime };
        run.Spec = run.Spec with { Worker = new WorkerSpec { Image = "mine:3" } };
        run.Status = (SamplingRunStatus)decider.Decide(Observe(run, next, Make.EndedPod(run, 1, "oom", 0, "d"))).Status;
        var last = Assert.IsType<RunAction.CreateJob>(
            Assert.Single(decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Actions)).Job;
        Assert.Equal((0, 4), (last.Spec.BackoffLimitPerIndex, run.Status.Retries));
    }

    [Fact]
    public void SpecChangedWhileAPodWorks_WaitsForItsEnd_AndSaysSo()
    {
        var run = Make.Sampling(status: Started);
        var job = Make.Job(run);
        run.Spec = run.Spec with { Worker = new WorkerSpec { Image = "mine:2" } };
        var d = decider.Decide(Observe(run, job, Make.Pod(run)));
        Assert.Empty(d.Actions);
        Assert.Contains("the changed spec applies to the next pod", d.Status.Message);
        Assert.IsType<RunAction.DeleteJob>(Assert.Single(decider.Decide(Observe(run, job, Make.EndedPod(run, 1, "oom"))).Actions));
    }

    [Theory]
    [InlineData("image")]
    [InlineData("defaults")]
    public void NewerOperator_LeavesQueuedJobsAlone(string what)
    {
        var run = Make.Sampling(change: s => s with { QueueName = "gpus" });
        var job = Make.Job(run, started: false);
        var newer = what == "image" ? Make.Options with { WorkerCudaImage = "registry.example/worker:2-cuda" }
            : Make.Options with { WorkerDefaults = new WorkerSpec { PriorityClassName = "low" } };
        Assert.Empty(new RunDecider(newer).Decide(Observe(run, job)).Actions);
    }

    [Fact]
    public void Rerun_TakesAFailedRunUpAgain_WithNewRetries()
    {
        var run = Make.Sampling(
            status: Started with
            {
                Phase = RunPhase.Failed,
                CompletionTime = Make.Now,
                Retries = 4,
                Rerun = "1",
                Extent = "maxQuestions=-",
                ActiveSeconds = 50
            });
        var failed = Make.Job(run, s => (s.Failed, s.Conditions) = (4, [Make.Condition("Failed", "BackoffLimitExceeded")]));
        run.Metadata.Annotations = new Dictionary<string, string> { [Labels.Rerun] = "1" };
        Assert.Equal(RunPhase.Failed, decider.Decide(Observe(run, failed)).Status.Phase);

        run.Metadata.Annotations[Labels.Rerun] = "2";
        var d = decider.Decide(Observe(run, failed));
        Assert.Equal(failed, Assert.IsType<RunAction.DeleteJob>(Assert.Single(d.Actions)).Job);
        Assert.Equal((RunPhase.Pending, 0, 1, "2", null, 0L),
            (d.Status.Phase, d.Status.Retries, d.Status.Restarts, d.Status.Rerun, d.Status.CompletionTime, d.Status.ActiveSeconds));
        Assert.Equal(("False", "True", "False"), Kstatus(d.Status));

        run.Status = (SamplingRunStatus)d.Status;
        var still = decider.Decide(Observe(run, failed));      // the old Job does not settle the run again
        Assert.Equal((RunPhase.Pending, 0), (still.Status.Phase, still.Status.Retries));
        var next = Assert.IsType<RunAction.CreateJob>(
            Assert.Single(decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Actions)).Job;
        Assert.Equal((3, "1"), (next.Spec.BackoffLimit, next.Metadata.Annotations[Labels.Restarts]));
    }

    [Fact]
    public void RerunAnnotation_SeenBeforeTheFailure_AsksForNothing()
    {
        var run = Make.Sampling(status: Started);
        run.Metadata.Annotations = new Dictionary<string, string> { [Labels.Rerun] = "1" };
        run.Status = (SamplingRunStatus)decider.Decide(Observe(run, Make.Job(run), Make.Pod(run))).Status;
        Assert.Equal("1", run.Status.Rerun);
        run.Status = run.Status with { Phase = RunPhase.Failed };
        Assert.Equal(RunPhase.Failed, decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Status.Phase);
    }

    [Theory, InlineData(RunPhase.Succeeded), InlineData(RunPhase.Failed)]
    public void MoreQuestions_LetAFinishedRunGoOn(RunPhase end)
    {
        var run = Make.Sampling(change: s => s with { MaxQuestions = 100 });
        run.Status = (SamplingRunStatus)decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Status;
        run.Status = run.Status with
        {
            Phase = end,
            StartTime = Make.Now,
            CompletionTime = Make.Now,
            Progress = new RunProgress { Done = 100, Total = 100, Percent = 100 }
        };
        Assert.Equal(end, decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Status.Phase);

        run.Spec = run.Spec with { MaxQuestions = 200 };
        var d = decider.Decide(new RunObservation { Run = run, Now = Make.Now });
        Assert.Equal((RunPhase.Pending, 100L), (d.Status.Phase, d.Status.Progress!.Done));
        Assert.Contains("more is asked for", d.Status.Message);
        // A status of an older operator says nothing of it.
        run.Status = run.Status with { Extent = null };
        Assert.Equal(end, decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Status.Phase);
    }

    [Fact]
    public void FinishedRun_HasNoActiveJob_AndItsEndedJobGoesAfterAWhile()
    {
        var run = Make.Sampling(status: Started with { Phase = RunPhase.Failed, CompletionTime = Make.Now });
        Assert.IsType<RunAction.DeleteJob>(Assert.Single(decider.Decide(Observe(run, Make.Job(run), Make.Pod(run))).Actions));

        var ended = Make.Job(run, s => s.Conditions = [Make.Condition("Failed", "BackoffLimitExceeded")]);
        Assert.Equal(JobPlan.TimeToLive,
            Assert.IsType<RunAction.PatchJob>(Assert.Single(decider.Decide(Observe(run, ended)).Actions)).TimeToLive);
        ended.Spec.TtlSecondsAfterFinished = JobPlan.TimeToLive;
        Assert.Empty(decider.Decide(Observe(run, ended)).Actions);
    }

    [Fact]
    public void LostNode_IsTold()
    {
        var run = Make.Sampling(status: Started);
        var pod = Make.Pod(run, status: s => s.Conditions =
            [new V1PodCondition { Type = "Ready", Status = "False" }, new V1PodCondition { Type = "ContainersReady", Status = "True" }]);
        pod.Spec = new V1PodSpec { NodeName = "gpu-7" };
        var d = decider.Decide(Observe(run, Make.Job(run), pod));
        Assert.Equal(Reasons.NodeLost, Ready(d.Status).Reason);
        Assert.Contains("gpu-7", d.Status.Message);

    }

    /// <summary>A pod that is to stop on a node that does not answer: nothing happens any more, only time passes.</summary>
    [Fact]
    public void PodStuckOnALostNode_IsToldWithinAMinuteOfItsGracePeriod()
    {
        var run = Make.Sampling(status: Started);
        var terminating = Make.Pod(run);
        var graceEnds = Make.Now.AddSeconds(117);
        terminating.Metadata.DeletionTimestamp = graceEnds.UtcDateTime;
        var now = Make.Now;
        while (true)
        {
            var d = decider.Decide(Observe(run, Make.Job(run), terminating) with { Now = now });
            run.Status = (SamplingRunStatus)d.Status;
            if (Ready(d.Status).Reason == Reasons.NodeLost) break;
            now += Assert.NotNull(d.RequeueAfter);
        }
        Assert.InRange(now - graceEnds, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void PodDeletedByHand_WithoutRetries_IsCalledThat()
    {
        var run = Make.Sampling(change: s => s with { Retries = 0 }, status: Started);
        var pod = Make.EndedPod(run, 143, null);
        pod.Metadata.DeletionTimestamp = Make.Now.UtcDateTime;
        var dying = decider.Decide(Observe(run, Make.Job(run), pod));
        Assert.Equal(("no retries are left after pod pod-0 was deleted", Reasons.Stopping),
            (dying.Status.Message, Ready(dying.Status).Reason));
        var d = decider.Decide(
            Observe(run, Make.Job(run, s =>
                s.Conditions = [Make.Condition("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")]), pod));
        Assert.Equal("gave up after 0 retries: pod pod-0 was deleted", d.Status.Message);
    }

    [Fact]
    public void TerminatingNamespace_TakesAJobOfSeveralShardsAway()
    {
        var run = Make.Sampling(change: s => s with { Shards = 2 }, status: Started);
        var d = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)) with { NamespaceIsTerminating = true });
        Assert.False(Assert.IsType<RunAction.DeleteJob>(Assert.Single(d.Actions)).Foreground);
    }

    [Fact]
    public void RefusedPods_NeedAction_AQuotaDoesNot()
    {
        var run = Make.Sampling();
        var refused = decider.Decide(
            Observe(run, Make.Job(run)) with
            {
                PodRefusal =
                "(combined from similar events): Error creating: pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\""
            });
        Assert.Equal((Reasons.PodsRefused, "True"),
            (Ready(refused.Status).Reason, Conditions.Find(refused.Status.Conditions, Conditions.Stalled)!.Status));
        Assert.StartsWith("Error creating", refused.Status.Message, StringComparison.Ordinal);
        var quota = decider.Decide(
            Observe(run, Make.Job(run)) with { PodRefusal = "Error creating: pods \"x\" is forbidden: exceeded quota: gpus" });
        Assert.Equal("False", Conditions.Find(quota.Status.Conditions, Conditions.Stalled)!.Status);
    }

    [Fact]
    public void ConditionsOfAJob_StandBesideKstatus()
    {
        var run = Make.Sampling(change: s => s with { Suspend = true });
        var suspended = decider.Decide(new RunObservation { Run = run, Now = Make.Now }).Status;
        Assert.Equal(["False", "False", "True"],
            new[] { Conditions.Complete, Conditions.Failed, Conditions.Suspended }.Select(type =>
                Conditions.Find(suspended.Conditions, type)!.Status));
    }

    [Fact]
    public void TransitionTime_MovesWithTheStatusAlone()
    {
        var run = Make.Sampling();
        run.Status = (SamplingRunStatus)decider.Decide(Observe(run, Make.Job(run))).Status;
        var later = decider.Decide(Observe(run, Make.Job(run), Make.Pod(run)) with { Now = Make.Now.AddMinutes(1) }).Status;
        Assert.NotEqual(run.Status.Conditions!.Single(c => c.Type == Conditions.Reconciling).Reason,
            later.Conditions!.Single(c => c.Type == Conditions.Reconciling).Reason);
        Assert.Equal(Make.Now, later.Conditions!.Single(c => c.Type == Conditions.Reconciling).LastTransitionTime);
    }

    [Fact]
    public void DocumentThatIsTooLarge_IsRefusedByName()
    {
        var d = decider.Decide(
            new RunObservation
            {
                Run =
                Make.Sampling(change: s =>
                    s with
                    {
                        Worker = new WorkerSpec
                        {
                            PodAnnotations =
                        new Dictionary<string, string> { ["note"] = new string('x', 201 * 1024) }
                        }
                    }),
                Now = Make.Now
            });
        Assert.Empty(d.Actions);
        Assert.StartsWith("spec.worker: the document has", d.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TimeToLive_DeletesTheFinishedRunOnTime()
    {
        var done = Started with { Phase = RunPhase.Succeeded, CompletionTime = Make.Now };
        var run = Make.Sampling(change: s => s with { TtlSecondsAfterFinished = 100 }, status: done);
        var early = decider.Decide(new RunObservation { Run = run, Now = Make.Now.AddSeconds(40) });
        Assert.Empty(early.Actions);
        Assert.Equal(TimeSpan.FromSeconds(60), early.RequeueAfter);
        Assert.IsType<RunAction.DeleteRun>(
            Assert.Single(decider.Decide(new RunObservation { Run = run, Now = Make.Now.AddSeconds(100) }).Actions));
    }

    [Fact]
    public void SameObservation_SameStatus()
    {
        var run = Make.Sampling();
        var o = Observe(run, Make.Job(run), Make.Pod(run)) with { Progress = [Make.Progress(Make.Report(0, 5, 10))] };
        run.Status = (SamplingRunStatus)decider.Decide(o).Status;
        var again = decider.Decide(o with { Now = Make.Now.AddMilliseconds(300) }).Status;
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(run.Status, ApiJson.Options),
            System.Text.Json.JsonSerializer.Serialize((SamplingRunStatus)again, ApiJson.Options));
    }

    private static RunObservation Observe(IRunEntity run, V1Job job, params V1Pod[] pods) =>
        new() { Run = run, Job = job, Pods = pods, Now = Make.Now };

    private static RunCondition Ready(RunStatus status) => Conditions.Find(status.Conditions, Conditions.Ready)!;

    private static (string, string, string) Kstatus(RunStatus status) =>
        (Ready(status).Status, Conditions.Find(status.Conditions, Conditions.Reconciling)!.Status,
            Conditions.Find(status.Conditions, Conditions.Stalled)!.Status);
}
