using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Node;

namespace LightReasoner.DevCluster.Tests.Node;

public sealed class ProcessNodeTests : IAsyncLifetime
{
    private NodeScene scene = null!;

    public async ValueTask InitializeAsync() => scene = await NodeScene.StartAsync();

    public ValueTask DisposeAsync() => scene.DisposeAsync();

    [Fact]
    public async Task Pod_ThatSucceeds_IsBoundRunAndReported()
    {
        await scene.Pod("p", "echo hello; echo trouble >&2");
        var pod = await scene.PodEnds("p");
        Assert.Equal("Succeeded", pod.Text("status", "phase"));
        Assert.Equal(scene.NodeName, pod.Text("spec", "nodeName"));
        var container = pod.Items("status", "containerStatuses").Single();
        Assert.Equal((0, "Completed"), (container.Int("state", "terminated", "exitCode"), container.Text("state", "terminated", "reason")));
        Assert.NotNull(container.Time("state", "terminated", "startedAt"));
        Assert.StartsWith("process://", container.Text("containerID"));
        // Two pipes: either line may come first.
        var log = await scene.LogText("p");
        Assert.Equal(["hello", "trouble"], log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    /// <summary>The test answers in the place of the pod's program, at the pod's address.</summary>
    [Fact]
    public async Task Pod_WithAReadinessProbe_IsReadyOnceItAnswers_AndItsServiceLeadsToIt()
    {
        await scene.Create(Resource.Services,
            """{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "p"}, "ports": [{"port": 80, "targetPort": "web"}]}}""");
        await scene.Pod("p", "echo $URL; sleep 600", container: """
            {"ports": [{"name": "web", "containerPort": 8080}], "env": [{"name": "URL", "value": "http://*:8080 http://s.default.svc:80/x https://kubernetes.default.svc"}],
             "readinessProbe": {"httpGet": {"port": "web", "path": "/ready"}, "failureThreshold": 1, "periodSeconds": 1, "timeoutSeconds": 30}}
            """);
        await scene.Api.PatchAsync(Resource.Pods.Object(scene.Namespace, "p"),
            JsonNode.Parse("""{"metadata": {"labels": {"app": "p"}}}""")!);
        var pod = await scene.PodUntil("p", p => p.Text("status", "phase") == "Running");
        Assert.Equal("False", Ready(pod));
        var (address, service) = (pod.Text("status", "podIP")!, Loopback.OfService(scene.Data, $"{scene.Namespace}/s"));
        Assert.NotEqual("127.0.0.1", address);

        using var answers = new CancellationTokenSource();
        using var program = new TcpListener(IPAddress.Parse(address), 8080);
        program.Start();
        var serving = ServeAsync(program, answers.Token);
        pod = await scene.PodUntil("p", p => Ready(p) == "True");
        Assert.Equal($"http://{address}:8080 http://{service}:80/x https://kubernetes.default.svc\n", await scene.LogText("p"));
        using var http = new HttpClient();
        string answer;
        // The proxy may hear of the pod a moment after the test.
        while ((answer = await http.GetStringAsync($"http://{service}/x")
            .ContinueWith(t => t.IsCompletedSuccessfully ? t.Result : "", TaskScheduler.Default)).Length == 0) await Task.Delay(20);
        Assert.Equal("ok", answer);

        await answers.CancelAsync();
        await serving;
        program.Stop();
        await scene.PodUntil("p", p => Ready(p) == "False", pod);

        static string? Ready(JsonObject pod) => pod.Items("status", "conditions").Single(c => c.Text("type") == "Ready").Text("status");

        static async Task ServeAsync(TcpListener listener, CancellationToken end)
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync(end);
                    var stream = client.GetStream();
                    _ = await stream.ReadAsync(new byte[4096], end);
                    await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray(), end);
                }
            }
            catch (OperationCanceledException)
            {
                // Enough.
            }
        }
    }

    [Fact]
    public async Task Pod_ThatFails_LeavesCodeAndTerminationMessage()
    {
        await scene.Pod("p", "printf 'last words' > /dev/termination-log; exit 65");
        var ended = (await scene.PodEnds("p")).Items("status", "containerStatuses").Single().Map("state", "terminated");
        Assert.Equal((65, "Error", "last words"), (ended.Int("exitCode"), ended.Text("reason"), ended.Text("message")));
    }

    [Fact]
    public async Task Pod_ThatFailsSilently_LeavesTheEndOfItsLogWhenAsked()
    {
        await scene.Pod("p", "echo what went wrong; exit 1", container: """{"terminationMessagePolicy": "FallbackToLogsOnError"}""");
        Assert.Equal("what went wrong\n", (await scene.PodEnds("p")).Items("status", "containerStatuses").Single()
            .Text("state", "terminated", "message"));
    }

    [Fact]
    public async Task Pod_VariablesAndVolumes_AreLaidOut()
    {
        await scene.Create(Resource.ConfigMaps, """{"metadata": {"name": "settings"}, "data": {"run.json": "{}", "KEY": "value"}}""");
        await scene.Create(Resource.Secrets, """{"metadata": {"name": "keys"}, "data": {"token": "czNjcmV0"}}""");
        await scene.Pod("p",
            "echo $FROM_MAP $KEY $FROM_SECRET $ME $BOTH; cat /etc/app/run.json /etc/keys/t; ls /var/run/tokens; cat /var/run/tokens/name; "
            + "touch $SCRATCH/x; echo $SCRATCH",
            """
            {"volumes": [
              {"name": "settings", "configMap": {"name": "settings", "items": [{"key": "run.json", "path": "run.json"}]}},
              {"name": "keys", "secret": {"secretName": "keys", "items": [{"key": "token", "path": "t"}]}},
              {"name": "scratch", "emptyDir": {}},
              {"name": "tokens", "projected": {"sources": [
                {"serviceAccountToken": {"path": "token", "audience": "a", "expirationSeconds": 600}},
                {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}}]}}]}
            """,
            """
            {"env": [
               {"name": "FROM_MAP", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "KEY"}}},
               {"name": "FROM_SECRET", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}},
               {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
               {"name": "BOTH", "value": "$(ME)-$(FROM_MAP)"},
               {"name": "SCRATCH", "value": "/scratch/deep"}],
             "envFrom": [{"configMapRef": {"name": "settings"}}],
             "volumeMounts": [
               {"name": "settings", "mountPath": "/etc/app"}, {"name": "keys", "mountPath": "/etc/keys"},
               {"name": "tokens", "mountPath": "/var/run/tokens"}, {"name": "scratch", "mountPath": "/scratch/deep", "subPath": "sub"}]}
            """);
        Assert.Equal("Succeeded", (await scene.PodEnds("p")).Text("status", "phase"));
        var lines = (await scene.LogText("p")).Split('\n');
        Assert.Equal("value value s3cret p p-value", lines[0]);
        Assert.Equal("{}s3cretname", lines[1]);
        Assert.Equal("token", lines[2]);
        Assert.StartsWith($"p{scene.Data}", lines[3]);
        Assert.EndsWith("/volumes/scratch/sub", lines[3]);
    }

    [Fact]
    public async Task Pods_OfOneClaim_ShareItsFilesOnceItIsThere()
    {
        const string Volumes = """
            {"volumes": [
              {"name": "document", "downwardAPI": {"items": [{"path": "run.json", "fieldRef": {"fieldPath": "metadata.annotations['run']"}}]}},
              {"name": "data", "persistentVolumeClaim": {"claimName": "late"}}]}
            """,
            Mounts = """
            {"volumeMounts": [{"name": "document", "mountPath": "/etc/run"}, {"name": "data", "mountPath": "/data"}]}
            """;
        await scene.Pod("w", "echo file:///data/x > /data/x", Volumes, Mounts);
        var waiting = await scene.PodUntil("w", p => p.Items("status", "containerStatuses").Any());
        Assert.Equal("ContainerCreating", waiting.Items("status", "containerStatuses").Single().Text("state", "waiting", "reason"));
        await scene.Create(Resource.Claims, """
            {"metadata": {"name": "late"}, "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}}
            """);
        Assert.Equal("Succeeded", (await scene.PodEnds("w")).Text("status", "phase"));
        await scene.Pod("r", "cat /data/x /etc/run/run.json", Volumes, Mounts, """{"run": "at file:///data/x"}""");
        Assert.Equal("Succeeded", (await scene.PodEnds("r")).Text("status", "phase"));
        var file = Path.Combine(Assert.Single(Directory.GetDirectories(Path.Combine(scene.Data, "claims"))), "x");
        Assert.Equal($"file://{file}\nat file://{file}", await scene.LogText("r"));
    }

    [Fact]
    public async Task Pod_ConfigMapMissing_StartsOnceItIsThere()
    {
        await scene.Pod("p", "cat /etc/app/k", """{"volumes": [{"name": "v", "configMap": {"name": "late"}}]}""",
            """{"volumeMounts": [{"name": "v", "mountPath": "/etc/app"}]}""");
        var waiting = await scene.PodUntil("p", p => p.Items("status", "containerStatuses").Any());
        Assert.Equal("ContainerCreating", waiting.Items("status", "containerStatuses").Single().Text("state", "waiting", "reason"));
        await scene.Create(Resource.ConfigMaps, """{"metadata": {"name": "late"}, "data": {"k": "here"}}""");
        await scene.PodEnds("p");
        Assert.Equal("here", await scene.LogText("p"));
    }

    [Fact]
    public async Task Pod_UnknownImage_ImagePullBackOff()
    {
        await scene.Pod("p", "true", container: """{"image": "nowhere/unknown:1"}""");
        var pod = await scene.PodUntil("p", p => p.Items("status", "containerStatuses")
            .Any(c => c.Text("state", "waiting", "reason") == "ImagePullBackOff"));
        Assert.Equal("Pending", pod.Text("status", "phase"));
        await scene.Api.DeleteAsync(Resource.Pods.Object(scene.Namespace, "p"));
        await scene.Gone(Resource.Pods, "p");
    }

    [Fact]
    public async Task Pod_AsksForMoreThanTheNodeHas_Unschedulable()
    {
        await scene.Pod("p", "true", container: """{"resources": {"limits": {"nvidia.com/gpu": "1"}}}""");
        var pod = await scene.PodUntil("p", p => p.Items("status", "conditions").Any(c => c.Text("type") == "PodScheduled"));
        var condition = pod.Items("status", "conditions").Single(c => c.Text("type") == "PodScheduled");
        Assert.Equal(("False", "Unschedulable"), (condition.Text("status"), condition.Text("reason")));
        Assert.StartsWith("0/1 nodes are available: 1 Insufficient nvidia.com/gpu. ", condition.Text("message"));
    }

    [Fact]
    public async Task Pod_WaitsForRoom_RunsWhenAnotherEnds()
    {
        var all = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture);
        var wish = $$"""{"resources": {"requests": {"cpu": "{{all}}"} } }""";
        await scene.Pod("first", "sleep 100", container: wish);
        await scene.PodUntil("first", p => p.Text("status", "phase") == "Running");
        await scene.Pod("second", "true", container: wish);
        await scene.PodUntil("second", p => p.Items("status", "conditions").Any(c => c.Text("reason") == "Unschedulable"));
        await scene.Api.DeleteAsync(Resource.Pods.Object(scene.Namespace, "first"), gracePeriodSeconds: 1);
        Assert.Equal("Succeeded", (await scene.PodEnds("second")).Text("status", "phase"));
    }

    [Fact]
    public async Task Delete_RunningPod_HasItsGracePeriodAndItsLastWord()
    {
        await scene.Pod("p", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done");
        var running = await scene.PodUntil("p", p => p.Text("status", "phase") == "Running");
        await WaitForLog("p", "up");
        await scene.Api.DeleteAsync(Resource.Pods.Object(scene.Namespace, "p"));
        var pod = await scene.PodEnds("p", running);
        Assert.Equal("Failed", pod.Text("status", "phase"));
        Assert.Equal(7, pod.Items("status", "containerStatuses").Single().Int("state", "terminated", "exitCode"));
        await scene.Gone(Resource.Pods, "p");
    }

    [Fact]
    public async Task Delete_PodThatDoesNotListen_IsKilledAfterTheGracePeriod()
    {
        // Its own period is longer than the test waits: the one that the deletion gives must count.
        await scene.Pod("p", "trap '' TERM; echo up; while :; do sleep 0.1; done", """{"terminationGracePeriodSeconds": 3600}""");
        var running = await scene.PodUntil("p", p => p.Text("status", "phase") == "Running");
        await WaitForLog("p", "up");
        await scene.Api.DeleteAsync(Resource.Pods.Object(scene.Namespace, "p"), gracePeriodSeconds: 1);
        Assert.Equal(137, (await scene.PodEnds("p", running)).Items("status", "containerStatuses").Single()
            .Int("state", "terminated", "exitCode"));
        await scene.Gone(Resource.Pods, "p");
    }

    [Fact]
    public async Task Kill_OfTheProcess_Shows137()
    {
        await scene.Pod("p", "sleep 100");
        var running = await scene.PodUntil("p", p => p.Text("status", "phase") == "Running");
        var pid = int.Parse(running.Items("status", "containerStatuses").Single().Text("containerID")!["process://".Length..],
            CultureInfo.InvariantCulture);
        Process.GetProcessById(pid).Kill();
        var pod = await scene.PodEnds("p");
        Assert.Equal(("Failed", 137), (pod.Text("status", "phase"),
            pod.Items("status", "containerStatuses").Single().Int("state", "terminated", "exitCode")));
    }

    [Fact]
    public async Task Restart_OnFailure_StartsAgainAndKeepsTheLastRun()
    {
        await scene.Pod("p", "if [ -e /scratch/x ]; then echo second; else touch /scratch/x; echo first; exit 4; fi",
            """{"restartPolicy": "OnFailure", "volumes": [{"name": "s", "emptyDir": {}}]}""",
            """{"volumeMounts": [{"name": "s", "mountPath": "/scratch"}]}""");
        var pod = await scene.PodEnds("p");
        Assert.Equal("Succeeded", pod.Text("status", "phase"));
        var container = pod.Items("status", "containerStatuses").Single();
        Assert.Equal((1, 4), (container.Int("restartCount"), container.Int("lastState", "terminated", "exitCode")));
        Assert.Equal("second\n", await scene.LogText("p"));
        Assert.Equal("first\n", await scene.LogText("p", "previous=true"));
    }

    [Fact]
    public async Task InitContainers_RunFirstAndInOrder()
    {
        await scene.Pod("p", "cat /s/order", """
            {"volumes": [{"name": "s", "emptyDir": {}}], "initContainers": [
              {"name": "a", "image": "shell", "command": ["sh", "-c", "printf a >> /s/order"], "volumeMounts": [{"name": "s", "mountPath": "/s"}]},
              {"name": "b", "image": "shell", "command": ["sh", "-c", "printf b >> /s/order"], "volumeMounts": [{"name": "s", "mountPath": "/s"}]}]}
            """, """{"volumeMounts": [{"name": "s", "mountPath": "/s"}]}""");
        await scene.PodEnds("p");
        Assert.Equal("ab", await scene.LogText("p"));
    }

    [Fact]
    public async Task Start_UnknownProgram_Is128AndSaysWhy()
    {
        await scene.Create(Resource.Pods, """
            {"metadata": {"name": "p"}, "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "shell", "command": ["no-such-program"]}]}}
            """);
        var ended = (await scene.PodEnds("p")).Items("status", "containerStatuses").Single().Map("state", "terminated");
        Assert.Equal((128, "StartError"), (ended.Int("exitCode"), ended.Text("reason")));
        Assert.Contains("no-such-program", ended.Text("message"));
    }

    [Fact]
    public async Task Log_OfAPodThatWaits_SaysSo()
    {
        await scene.Pod("p", "true", container: """{"image": "unknown"}""");
        await scene.PodUntil("p", p => p.Items("status", "containerStatuses").Any());
        var answer = await scene.Log("p");
        Assert.Equal(400, (int)answer.StatusCode);
        Assert.Contains("is waiting to start", await answer.Content.ReadAsStringAsync());
        Assert.Equal(404, (int)(await scene.Log("absent")).StatusCode);
    }

    [Fact]
    public async Task Log_Follow_EndsWithTheContainer()
    {
        await scene.Pod("p", "echo one; while [ ! -e /s/go ]; do sleep 0.05; done; echo two",
            """{"volumes": [{"name": "s", "emptyDir": {}}]}""", """{"volumeMounts": [{"name": "s", "mountPath": "/s"}]}""");
        var pod = await scene.PodUntil("p", p => p.Text("status", "phase") == "Running");
        var following = scene.LogText("p", "follow=true");
        await File.WriteAllTextAsync(Path.Combine(scene.Data, "pods", pod.Uid(), "volumes", "s", "go"), "");
        Assert.Equal("one\ntwo\n", await following.WaitAsync(NodeScene.Bound));
    }

    [Fact]
    public async Task Shutdown_OfTheNode_EndsEverythingAndReportsADisruption()
    {
        await scene.Pod("p", "sleep 100");
        var running = await scene.PodUntil("p", p => p.Text("status", "phase") == "Running");
        var pid = int.Parse(running.Items("status", "containerStatuses").Single().Text("containerID")!["process://".Length..],
            CultureInfo.InvariantCulture);
        await scene.StopNodeAsync();
        Assert.False(File.Exists($"/proc/{pid}/stat"));
        var pod = await scene.PodEnds("p");
        Assert.Equal(("Failed", "Terminated"), (pod.Text("status", "phase"), pod.Text("status", "reason")));
        Assert.Contains(pod.Items("status", "conditions"), c => c.Text("type") == "DisruptionTarget");
        var node = await scene.Api.GetAsync(Resource.Nodes.Object(null, scene.NodeName));
        Assert.Equal("False", node.Items("status", "conditions").Single(c => c.Text("type") == "Ready").Text("status"));
    }

    [Fact]
    public async Task Pod_DeadlinePassed_FailsWithDeadlineExceeded()
    {
        await scene.Pod("p", "sleep 100", """{"activeDeadlineSeconds": 1, "terminationGracePeriodSeconds": 1}""");
        Assert.Equal("DeadlineExceeded", (await scene.PodEnds("p")).Text("status", "reason"));
    }

    private async Task WaitForLog(string pod, string text)
    {
        using var bound = new CancellationTokenSource(NodeScene.Bound);
        while (!(await scene.LogText(pod)).Contains(text, StringComparison.Ordinal)) await Task.Delay(20, bound.Token);
    }
}
