namespace LightReasoner.DevCluster.Resources;

internal sealed class PodStrategy : ResourceStrategy
{
    public override bool HasGeneration => true;

    public override bool DeleteReturnsObject => true;

    public override IReadOnlyList<string> SelectableFields { get; } =
        ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP",
            "status.nominatedNodeName"];

    public override IReadOnlyList<Column> Columns { get; } =
        Column.Parse("Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*");

    public override JsonArray Cells(JsonObject o, DateTimeOffset now)
    {
        var statuses = o.Items("status", "containerStatuses").ToList();
        var ready = statuses.Count(s => s.BoolAt("ready") && s.At("state", "running") is not null);
        var (text, initRestarts) = Status(o, statuses);
        var restarts = initRestarts ?? statuses.Sum(s => s.Number("restartCount") ?? 0);
        var last = statuses.Select(s => s.Text("lastState", "terminated", "finishedAt")).OfType<string>().Max(StringComparer.Ordinal);
        string Or(string? value) => value is { Length: > 0 } ? value : "<none>";
        return
        [
            o.Name(), $"{ready}/{o.Items("spec", "containers").Count()}", text,
            restarts > 0 && last is not null ? $"{restarts} ({TableText.Since(last, now)} ago)"
                : restarts.ToString(CultureInfo.InvariantCulture),
            TableText.Age(o, now), Or(o.Text("status", "podIP")), Or(o.Text("spec", "nodeName")), "<none>", "<none>",
        ];
    }

    public override void SetDefaults(JsonObject o)
    {
        PodDefaults.Apply(o.Ensure("spec"), isPod: true);
        foreach (var container in o.Items("status", "containerStatuses").Concat(o.Items("status", "initContainerStatuses")))
            container.Default("lastState", new JsonObject());
        foreach (var condition in o.Items("status", "conditions"))
        {
            condition.TryAdd("lastProbeTime", null);
            condition.TryAdd("lastTransitionTime", null);
        }
    }

    public override void PrepareCreate(JsonObject o)
    {
        var spec = o.Ensure("spec");
        // What the default admission plugins add.
        spec.Default("priority", 0);
        spec.Default("preemptionPolicy", "PreemptLowerPriority");
        AddTolerations(spec);
        if (spec.BoolAt("automountServiceAccountToken"))
            MountToken(spec);
        o["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QosClass(spec) };
    }

    public override void PrepareUpdate(JsonObject o, JsonObject old) => AddTolerations(o.Ensure("spec"));

    public override JsonObject PrepareStatusUpdate(JsonObject o, JsonObject old)
    {
        // The status of a pod carries labels and annotations with it, but neither spec nor owners.
        var result = o.Copy();
        result["spec"] = old["spec"]?.DeepClone();
        result.Metadata().SetOrRemove("ownerReferences", old.At("metadata", "ownerReferences")?.DeepClone());
        result.Map("status")?.Default("qosClass", old.At("status", "qosClass")?.DeepClone());
        return result;
    }

    public override IEnumerable<FieldError> ValidateCreate(JsonObject o) => PodValidation.Spec(o.Map("spec") ?? [], "spec");

    public override IEnumerable<FieldError> ValidateUpdate(JsonObject o, JsonObject old) => PodValidation.Update(o, old);

    public override long? GracePeriod(JsonObject o, long? requested)
    {
        // Only a pod that a kubelet may be running has to be waited for.
        if (o.Text("spec", "nodeName") is not { Length: > 0 } || o.Text("status", "phase") is "Succeeded" or "Failed")
            return 0;
        var period = requested ?? o.Number("spec", "terminationGracePeriodSeconds") ?? 30;
        return period < 0 ? 1 : period;
    }

    private static void AddTolerations(JsonObject spec)
    {
        spec.Default("tolerations", new JsonArray());
        foreach (var key in new[] { "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable" })
        {
            if (!spec.Items("tolerations").Any(t => t.Text("key") == key
                || (t.Text("key") is null or "" && t.Text("operator") == "Exists")))
                spec["tolerations"]!.AsArray().Add(
                    new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
        }
    }

    /// <summary>
    /// As the admission plugin ServiceAccount does, but only for pods that ask for it: token, authority and namespace at the usual path.
    /// </summary>
    private static void MountToken(JsonObject spec)
    {
        const string Path = "/var/run/secrets/kubernetes.io/serviceaccount";
        var name = "kube-api-access-" + ObjectWriter.Suffix();
        foreach (var container in spec.Items("initContainers").Concat(spec.Items("containers")))
        {
            if (container.Items("volumeMounts").Any(m => m.Text("mountPath") == Path))
                continue;
            container.Default("volumeMounts", new JsonArray());
            container["volumeMounts"]!.AsArray().Add(new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = Path });
        }

        spec.Default("volumes", new JsonArray());
        spec["volumes"]!.AsArray().Add(JsonNode.Parse($$$"""
            {"name": "{{{name}}}", "projected": {"defaultMode": 420, "sources": [
              {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
              {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
              {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]}}
            """));
    }

    private static string QosClass(JsonObject spec)
    {
        var amounts = spec.Items("containers").Concat(spec.Items("initContainers"))
            .SelectMany(c => new[] { "cpu", "memory" }.Select(r =>
                (Limit: c.Text("resources", "limits", r), Request: c.Text("resources", "requests", r)))).ToList();
        return amounts.TrueForAll(a => a is (null, null)) ? "BestEffort"
            : amounts.TrueForAll(a => a.Limit is not null && a.Request == a.Limit) ? "Guaranteed" : "Burstable";
    }

    /// <summary>The STATUS of <c>kubectl get pods</c>, and the restarts of init containers while they are what it is about.</summary>
    private static (string Text, long? InitRestarts) Status(JsonObject o, List<JsonObject> statuses)
    {
        var reason = o.Text("status", "reason") is { Length: > 0 } given ? given : o.Text("status", "phase") ?? "";
        var inits = o.Items("status", "initContainerStatuses").ToList();
        var at = inits.FindIndex(s => s.Number("state", "terminated", "exitCode") != 0);
        long? restarts = at < 0 ? null : inits.Take(at + 1).Sum(s => s.Number("restartCount") ?? 0);
        if (at >= 0)
        {
            reason = "Init:" + (inits[at].Map("state", "terminated") is { } done ? Terminated(done)
                : inits[at].Text("state", "waiting", "reason") is { Length: > 0 } waiting and not "PodInitializing" ? waiting
                : $"{at}/{o.Items("spec", "initContainers").Count()}");
        }
        else
        {
            foreach (var state in Enumerable.Reverse(statuses).Select(s => s["state"]))
                reason = state.Text("waiting", "reason") is { Length: > 0 } waiting ? waiting : state.Map("terminated") is { } done
                    ? Terminated(done) : reason;
        }

        if (o.IsDeleting() && o.Text("status", "phase") is not ("Succeeded" or "Failed"))
            reason = "Terminating";
        return (reason, restarts);
    }

    private static string Terminated(JsonObject done)
        => done.Text("reason") is { Length: > 0 } reason ? reason
            : done.Number("signal") is { } signal and not 0 ? $"Signal:{signal}" : $"ExitCode:{done.Number("exitCode") ?? 0}";
}
