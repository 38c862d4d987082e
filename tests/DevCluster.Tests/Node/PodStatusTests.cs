using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class PodStatusTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ContainerRecord Waiting = new("main", "i");
    private static readonly ContainerRecord Running = Waiting with { RunningSince = Now };
    private static readonly ContainerRecord Done = Waiting with { Ended = new Termination(0, "Completed", null, Now, Now, "") };
    private static readonly ContainerRecord Broken = Waiting with { Ended = new Termination(3, "Error", null, Now, Now, "") };
    private static readonly ContainerRecord Crashing = Waiting with { Waiting = ("CrashLoopBackOff", null), Last = Broken.Ended };

    public static TheoryData<string, string, string, string> Phases => new()
    {
        { "Never", "", "w", "Pending" },
        { "Never", "", "r", "Running" },
        { "Never", "", "rd", "Running" },
        { "Never", "", "d", "Succeeded" },
        { "Never", "", "dd", "Succeeded" },
        { "Never", "", "db", "Failed" },
        { "OnFailure", "", "b", "Running" },
        { "OnFailure", "", "c", "Running" },
        { "OnFailure", "", "d", "Succeeded" },
        { "Always", "", "d", "Running" },
        { "Never", "w", "w", "Pending" },
        { "Never", "r", "w", "Pending" },
        { "Never", "b", "w", "Failed" },
        { "OnFailure", "c", "w", "Pending" },
        { "Never", "d", "r", "Running" },
    };

    [Theory]
    [MemberData(nameof(Phases))]
    public void Phase_ContainersInAnyState_AsAKubeletHasIt(string policy, string init, string containers, string expected) =>
        Assert.Equal(expected, PodStatus.Phase(Facts(policy, init, containers)));

    [Fact]
    public void Phase_NodeEndsThePod_IsFinal()
    {
        Assert.Equal("Failed", PodStatus.Phase(Facts("Always", "", "w") with { Over = true }));
        Assert.Equal("Failed", PodStatus.Phase(Facts("Always", "", "b") with { Over = true }));
        Assert.Equal("Succeeded", PodStatus.Phase(Facts("Always", "", "d") with { Over = true }));
        Assert.Equal("Failed", PodStatus.Phase(Facts("Never", "", "d") with { Over = true, Reason = ("DeadlineExceeded", "late") }));
    }

    [Fact]
    public void Patch_RunningPod_ReadyInEveryCondition()
    {
        var status = PodStatus.Patch(Facts("Never", "", "r"), Now).Map("status")!;
        Assert.All(status.Items("conditions"), c => Assert.Equal("True", c.Text("status")));
        Assert.Equal("2026-01-01T00:00:00Z", status.Items("containerStatuses").Single().Text("state", "running", "startedAt"));
        Assert.True(status.Items("containerStatuses").Single().Flag("ready"));
    }

    [Fact]
    public void Patch_FailedPod_ReasonsAndExitCode()
    {
        var status = PodStatus.Patch(Facts("Never", "", "b"), Now).Map("status")!;
        var ready = status.Items("conditions").Single(c => c.Text("type") == "Ready");
        Assert.Equal(("False", "PodFailed"), (ready.Text("status"), ready.Text("reason")));
        Assert.Equal(3, status.Items("containerStatuses").Single().Int("state", "terminated", "exitCode"));
    }

    [Fact]
    public void Patch_ConditionThatStays_KeepsItsTime()
    {
        var facts = Facts("Never", "", "r");
        facts.Pod["status"] = JsonNode.Parse(
            """{"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}]}""");
        var ready = PodStatus.Patch(facts, Now).Map("status").Items("conditions").Single(c => c.Text("type") == "Ready");
        Assert.Equal("2020-01-01T00:00:00Z", ready.Text("lastTransitionTime"));
    }

    [Fact]
    public void Patch_NodeShutsDown_DisruptionTarget()
    {
        var patch = PodStatus.Patch(Facts("Never", "", "b") with
        {
            Over = true,
            Reason = ("Terminated", "m"),
            Disruption = ("TerminationByKubelet", "m")
        }, Now);
        Assert.Equal("Terminated", patch.Text("status", "reason"));
        Assert.Contains(patch.Items("status", "conditions"), c => c.Text("type") == "DisruptionTarget" && c.Text("status") == "True");
    }

    private static PodFacts Facts(string policy, string init, string containers) =>
        new(new JsonObject { ["metadata"] = new JsonObject { ["uid"] = "u" }, ["spec"] = new JsonObject { ["restartPolicy"] = policy } },
            [.. init.Select(Record)], [.. containers.Select(Record)], Now, VolumesReady: true, Over: false, null, null);

    private static ContainerRecord Record(char c) => c switch { 'r' => Running, 'd' => Done, 'b' => Broken, 'c' => Crashing, _ => Waiting };
}
