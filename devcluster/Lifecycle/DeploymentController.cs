namespace LightReasoner.DevCluster.Lifecycle;

/// <summary>
/// Deployments: a ReplicaSet for each pod template, the newest one's pods in the place of the others' within maxSurge and maxUnavailable.
/// ReplicaSets: as many pods as they ask for. Everything of a namespace is looked at again when something of it has changed.
/// </summary>
internal sealed class DeploymentController(Store store, Registry registry, ObjectWriter writer, ObjectDeleter deleter)
{
    private const string Hash = "pod-template-hash", Revision = "deployment.kubernetes.io/revision";
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    private readonly ResourceType deployments = registry.Get("apps", "v1", "deployments");
    private readonly ResourceType sets = registry.Get("apps", "v1", "replicasets");
    private readonly ResourceType pods = registry.Get("", "v1", "pods");

    public async Task Run(CancellationToken stop)
    {
        using var subscription = store.Subscribe(null, store.Forgotten)!;
        while (await subscription.Changes.WaitToReadAsync(stop))
        {
            var touched = new HashSet<string>(StringComparer.Ordinal);
            while (subscription.Changes.TryRead(out var change))
            {
                if (change.Any.Resource == deployments.StorageName || change.Any.Resource == sets.StorageName
                    || (change.Any.Resource == pods.StorageName && change.Any.Document.ControllerReference().Text("kind") == "ReplicaSet"))
                    touched.Add(change.Any.Namespace);
            }

            foreach (var ns in touched)
                Sync(ns);
        }
    }

    private void Sync(string ns)
    {
        foreach (var deployment in Of(deployments, ns).Where(d => !d.IsDeleting()))
            Try(() => Sync(ns, deployment));
        foreach (var set in Of(sets, ns).Where(s => !s.IsDeleting()))
            Try(() => Scale(ns, set));
    }

    // What has changed meanwhile brings us back here.
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (ApiException e) when (e.Code is 403 or 404 or 409)
        {
        }
    }

    private void Sync(string ns, JsonObject deployment)
    {
        var owned = Owned(sets, ns, deployment).OrderBy(RevisionOf).ToList();
        var template = (deployment.Map("spec", "template") ?? []).Copy();
        var newest = owned.Find(s => JsonAccess.Same(Unhashed(s), template)) ?? CreateSet(ns, deployment, template);
        var others = owned.Where(s => s.Uid() != newest.Uid()).ToList();
        var last = others.Select(RevisionOf).DefaultIfEmpty().Max();
        var revision = Math.Max(RevisionOf(newest), last + 1).ToString(CultureInfo.InvariantCulture);
        Annotate(sets, newest, revision);
        Annotate(deployments, deployment, revision);

        var wanted = Replicas(deployment);
        var surge = Share(deployment, "maxSurge", wanted, up: true);
        var unavailable = Share(deployment, "maxUnavailable", wanted, up: false);
        if (surge + unavailable == 0)
            unavailable = 1;
        var counts = owned.Append(newest).DistinctBy(s => s.Uid()).ToDictionary(s => s.Uid(), s => Count(ns, s));
        if (deployment.Text("spec", "strategy", "type") == "Recreate")
            Recreate(ns, newest, others, wanted);
        else
            Roll(newest, others, counts, wanted, surge, wanted - unavailable);
        var idle = others.Where(s => Replicas(s) == 0 && counts[s.Uid()].Pods == 0);
        foreach (var old in idle.SkipLast(deployment.Int("spec", "revisionHistoryLimit") ?? 10))
            deleter.Delete(sets, ns, old.Name(), DeleteOptions.Background);
        WriteStatus(deployment, newest, counts, wanted, wanted - unavailable);
    }

    /// <summary>No pod of the new template while there is one of an old one.</summary>
    private void Recreate(string ns, JsonObject newest, List<JsonObject> others, long wanted)
    {
        others.ForEach(s => Resize(s, 0));
        if (others.TrueForAll(s => !Owned(pods, ns, s).Any()))
            Resize(newest, wanted);
    }

    private void Roll(
        JsonObject newest, List<JsonObject> others, Dictionary<string, (long Pods, long Ready)> counts, long wanted, long surge, long least)
    {
        var room = wanted + surge - others.Sum(Replicas) - Replicas(newest);
        var now = Math.Min(wanted, Replicas(newest) + Math.Max(0, room));
        Resize(newest, now);
        var available = counts.Values.Sum(c => c.Ready);
        var budget = counts.Values.Sum(c => c.Pods) - least - Math.Max(0, now - counts[newest.Uid()].Ready);
        foreach (var old in others)
        {
            // Pods that are not ready go first: nobody misses them.
            var sick = Math.Clamp(Replicas(old) - counts[old.Uid()].Ready, 0, Math.Max(0, budget));
            var spare = Math.Clamp(available - least, 0, Replicas(old) - sick);
            budget -= sick;
            available -= spare;
            Resize(old, Replicas(old) - sick - spare);
        }
    }

    private JsonObject CreateSet(string ns, JsonObject deployment, JsonObject template)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template.ToText())))[..10];
        var labelled = template.Copy();
        labelled.Metadata().Ensure("labels")[Hash] = hash;
        var selector = deployment.Map("spec", "selector")!.Copy();
        selector.Ensure("matchLabels")[Hash] = hash;
        var annotations = (deployment.Map("metadata", "annotations") ?? []).Copy();
        annotations.Remove(LastApplied);
        annotations.Remove(Revision);
        return writer.Create(sets, ns, new JsonObject
        {
            ["apiVersion"] = sets.GroupVersion,
            ["kind"] = sets.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Name()}-{hash}",
                ["labels"] = labelled.At("metadata", "labels")!.DeepClone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(deployment.ToOwnerReference()),
            },
            ["spec"] = new JsonObject { ["replicas"] = 0, ["selector"] = selector, ["template"] = labelled },
        }, new WriteOptions("kube-controller-manager")).Document;
    }

    /// <summary>Makes missing pods, deletes those that are too many: first those that are not ready, then the youngest.</summary>
    private void Scale(string ns, JsonObject set)
    {
        var mine = Owned(pods, ns, set).Where(Alive)
            .OrderBy(IsReady).ThenByDescending(p => p.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).ToList();
        var missing = Replicas(set) - mine.Count;
        for (; missing > 0; missing--)
        {
            var pod = set.Map("spec", "template")!.Copy();
            pod["apiVersion"] = pods.GroupVersion;
            pod["kind"] = pods.Kind;
            pod.Metadata()["generateName"] = set.Name() + "-";
            pod.Metadata()["ownerReferences"] = new JsonArray(set.ToOwnerReference());
            writer.Create(pods, ns, pod, new WriteOptions("kube-controller-manager"));
        }

        foreach (var pod in mine.Take((int)Math.Max(0, -missing)))
            deleter.Delete(pods, ns, pod.Name(), new DeleteOptions("Background", Uid: pod.Uid()));
        var (count, ready) = Count(ns, set);
        writer.Change(sets, ns, set.Name(), o => o["status"] = Counts(
            o, ("replicas", count), ("fullyLabeledReplicas", count), ("readyReplicas", ready), ("availableReplicas", ready)));
    }

    private void WriteStatus(
        JsonObject deployment, JsonObject newest, Dictionary<string, (long Pods, long Ready)> counts, long wanted, long least)
    {
        var (updated, updatedReady) = counts[newest.Uid()];
        var (all, ready) = (counts.Values.Sum(c => c.Pods), counts.Values.Sum(c => c.Ready));
        var complete = updated == wanted && all == wanted && updatedReady == wanted;
        writer.Change(deployments, deployment.Namespace(), deployment.Name(), o =>
        {
            var conditions = o.At("status", "conditions")?.DeepClone();
            o["status"] = Counts(o, ("replicas", all), ("updatedReplicas", updated), ("readyReplicas", ready), ("availableReplicas", ready),
                ("unavailableReplicas", Math.Max(wanted, all) - ready));
            o["status"]!.AsObject().SetOrRemove("conditions", conditions);
            var (reason, message) = ready >= least
                ? ("MinimumReplicasAvailable", "Deployment has minimum availability.")
                : ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.");
            o.SetCondition(writer.Now, "Available", ready >= least, reason, message);
            o.SetCondition(writer.Now, "Progressing", true, complete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
                $"ReplicaSet \"{newest.Name()}\" {(complete ? "has successfully progressed." : "is progressing.")}");
        });
    }

    // Zeros are left out, as they are of a real server's answers, but for the count of a ReplicaSet's pods, which it requires.
    private static JsonObject Counts(JsonObject o, params ReadOnlySpan<(string Name, long Value)> counts)
    {
        var status = new JsonObject { ["observedGeneration"] = o.Number("metadata", "generation") };
        foreach (var (name, value) in counts)
        {
            if (value > 0 || (name == "replicas" && o.Kind() == "ReplicaSet"))
                status[name] = value;
        }

        return status;
    }

    private void Resize(JsonObject set, long replicas)
    {
        if (Replicas(set) != replicas)
            writer.Change(sets, set.Namespace(), set.Name(), o => o["spec"]!["replicas"] = replicas);
    }

    private void Annotate(ResourceType type, JsonObject o, string revision)
    {
        if (o.Text("metadata", "annotations", Revision) != revision)
            writer.Change(type, o.Namespace(), o.Name(), changed => changed.Metadata().Ensure("annotations")[Revision] = revision);
    }

    private (long Pods, long Ready) Count(string ns, JsonObject set)
    {
        var mine = Owned(pods, ns, set).Where(Alive).ToList();
        return (mine.Count, mine.Count(IsReady));
    }

    private IEnumerable<JsonObject> Of(ResourceType type, string ns)
        => store.List(type.StorageName).Objects.Values.Where(o => o.Namespace == ns).Select(o => o.Document);

    private IEnumerable<JsonObject> Owned(ResourceType type, string ns, JsonObject owner)
        => Of(type, ns).Where(o => o.ControllerReference().Text("uid") == owner.Uid());

    private static JsonObject Unhashed(JsonObject set)
    {
        var template = (set.Map("spec", "template") ?? []).Copy();
        template.Map("metadata", "labels")?.Remove(Hash);
        return template;
    }

    private static bool Alive(JsonObject pod) => !pod.IsDeleting() && pod.Text("status", "phase") is not ("Succeeded" or "Failed");

    private static bool IsReady(JsonObject pod) => pod.HasCondition("Ready");

    private static long Replicas(JsonObject o) => o.Number("spec", "replicas") ?? 1;

    private static long RevisionOf(JsonObject set)
        => long.TryParse(set.Text("metadata", "annotations", Revision), CultureInfo.InvariantCulture, out var n) ? n : 0;

    /// <summary>A number of pods, or a share of all of them such as 25%.</summary>
    private static long Share(JsonObject deployment, string field, long replicas, bool up)
    {
        var value = deployment.At("spec", "strategy", "rollingUpdate", field);
        if (value.Text() is not { } text)
            return value.Number() ?? 0;
        var share = replicas * decimal.Parse(text.TrimEnd('%'), CultureInfo.InvariantCulture) / 100;
        return (long)(up ? Math.Ceiling(share) : Math.Floor(share));
    }
}
