using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Jobs;
using LightReasoner.DevCluster.Json;
using JobPod = LightReasoner.DevCluster.Jobs.Pod;

namespace LightReasoner.DevCluster.Tests.Jobs;

/// <summary>A Job and its Pods, described in a few words, and one look at them.</summary>
internal sealed class JobScene
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly JsonObject job;
    private readonly List<JobPod> pods = [];

    public JobScene(string spec, string status = "{}")
    {
        job = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "j", ["namespace"] = "n", ["uid"] = "job" },
            ["spec"] = JsonNode.Parse(spec),
            ["status"] = JsonNode.Parse(status),
        };
    }

    public DateTimeOffset Now { get; set; } = Start;

    public BackOff BackOff { get; set; } = BackOff.None;

    public JobScene Pod(string name, string phase = "Running", int index = JobPod.NoIndex, int? exitCode = null, bool deleting = false,
        bool tracked = true, int failures = 0, bool ready = false, string? condition = null, int restarts = 0,
            DateTimeOffset? finished = null)
    {
        var pod = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "n", ["uid"] = name },
            ["status"] = new JsonObject { ["phase"] = phase },
        };
        if (deleting) pod.Set(Now.ToKubernetesTime(), "metadata", "deletionTimestamp");
        if (tracked) pod["metadata"]!["finalizers"] = new JsonArray(JobPod.TrackingFinalizer);
        if (index >= 0)
        {
            pod.Set($"{index}", "metadata", "annotations", JobPod.IndexAnnotation);
            pod.Set($"{failures}", "metadata", "annotations", JobPod.FailureCountAnnotation);
        }
        var conditions = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = ready ? "True" : "False" });
        if (condition is not null) conditions.Add(new JsonObject { ["type"] = condition, ["status"] = "True" });
        pod["status"]!["conditions"] = conditions;
        var container = new JsonObject { ["name"] = "main", ["restartCount"] = restarts };
        if (phase is "Succeeded" or "Failed")
        {
            container["state"] = new JsonObject
            {
                ["terminated"] = new JsonObject
                {
                    ["exitCode"] = exitCode ?? (phase == "Failed" ? 1 : 0),
                    ["finishedAt"] = (finished ?? Now).ToKubernetesTime(),
                },
            };
        }
        pod["status"]!["containerStatuses"] = new JsonArray(container);
        pods.Add(new JobPod(pod));
        return this;
    }

    public JobObservation Observe() => new(new Job(job), JobStatus.Read(job), pods, BackOff, Now);

    public JobPlan Plan() => JobPlanner.Plan(Observe());

    /// <summary>One whole look in which every write succeeds: the status after the first and after the second write.</summary>
    public (JobTally Tally, string First, string Last) Sync()
    {
        var seen = Observe();
        var plan = JobPlanner.Plan(seen);
        var tally = new JobTally(seen, plan);
        tally.Count(plan.Create.Count);
        var first = tally.Status.ToJson().ToJsonString();
        tally.Finish();
        return (tally, first, tally.Status.ToJson().ToJsonString());
    }
}
