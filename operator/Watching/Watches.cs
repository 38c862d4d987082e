using k8s;
using k8s.Autorest;
using k8s.Models;
using KubeOps.Abstractions.Rbac;
using LightReasoner.Api;
using LightReasoner.Operator.Entities;
using LightReasoner.Operator.Hosting;
using LightReasoner.Operator.Jobs;
using LightReasoner.Operator.Runs;

namespace LightReasoner.Operator.Watching;

/// <summary>
/// The operator's own watches, on every replica: they fill the stores that reconciles read from, wake the runs that a change concerns, and
/// find out in time what KubeOps' watches have missed.
/// </summary>
[EntityRbac(typeof(V1Job), typeof(V1Pod), typeof(Corev1Event), Verbs = RbacVerb.List | RbacVerb.Watch)]
[EntityRbac(typeof(SamplingRunEntity), typeof(FineTuneRunEntity), typeof(RefineRunEntity), Verbs = RbacVerb.List | RbacVerb.Watch)]
internal sealed class Watches(
    IKubernetes api, OperatorOptions options, OwnedStore owned, RunIndex index, RunQueue queue, RunMemory memory, Outage outage,
        TimeProvider time) : BackgroundService
{
    /// <summary>Events that tell that a quota or an admission rule stands against a Job's pods; nothing else tells of it.</summary>
    private const string RefusedPods = "involvedObject.kind=Job,reason=FailedCreate";

    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when everything has been listed once.</summary>
    public Task Synced => synced.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var all = new List<(Task Run, Task Synced)>();
        foreach (var ns in options.Namespaces.Count == 0 ? (IReadOnlyList<string?>)[null] : options.Namespaces)
        {
            Start(new Informer<V1Job, V1JobList>("Jobs", (r, ct) => JobsAsync(ns, r, ct), (job, _) => owned.Changed(job), uids =>
                owned.ListedJobs(uids, run => InScope(run, ns)), owned.Deleted, outage, time));
            Start(new Informer<V1Pod, V1PodList>("pods", (r, ct) => PodsAsync(ns, r, ct), (pod, _) => owned.Changed(pod), uids =>
                owned.ListedPods(uids, run => InScope(run, ns)), owned.Deleted, outage, time));
            Start(new Informer<Corev1Event, Corev1EventList>("events", (r, ct) => EventsAsync(ns, r, ct), (e, _) => owned.Changed(e),
                uids => owned.ListedEvents(uids, ns), owned.Deleted, outage, time));
            foreach (var kind in Enum.GetValues<RunKind>()) Start(new Informer<RunView, RunViewList>(
                kind.ToString(), (r, ct) => RunsAsync(kind, ns, r, ct), (run, again) => Changed(kind, run, again, ns), uids =>
                    Listed(kind, ns, uids), run => Gone(RunIndex.Key(kind, run), run.Metadata.Uid), outage, time));
        }
        await Task.WhenAny(Task.WhenAll(all.Select(a => a.Synced)),
            Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken)).ConfigureAwait(false);
        synced.TrySetResult();
        await Task.WhenAll(all.Select(a => a.Run)).ConfigureAwait(false);

        void Start<T, TList>(Informer<T, TList> informer)
            where T : IKubernetesObject<V1ObjectMeta>
            where TList : class, IKubernetesObject<V1ListMeta>, IItems<T> =>
                all.Add((Task.Run(() => informer.RunAsync(stoppingToken), CancellationToken.None), informer.Synced));
    }

    private static bool InScope(RunKey run, string? ns) => ns is null || run.Namespace == ns;

    /// <summary>
    /// Changes of the spec are KubeOps' to tell, where it watches. A list that is read again makes good what was missed: unfinished runs
    /// are looked at whatever was told, finished ones if their spec has changed since.
    /// </summary>
    private void Changed(RunKind kind, RunView view, bool again, string? ns)
    {
        var key = RunIndex.Key(kind, view);
        var before = index.Find(key);
        var now = index.Set(kind, view);
        var others = before is null || before.Uid != now.Uid || before.Phase != now.Phase || before.OutputUri != now.OutputUri;
        if (others) queue.Add(memory.Waiters.For(key));
        var kubeOpsTells = ns == OperatorHost.KubeOpsNamespace(options);
        var due = again ? now.Phase is not (RunPhase.Succeeded or RunPhase.Failed) || now.IsUnseen
            : before is null ? !kubeOpsTells
            : before.Marks != now.Marks || !kubeOpsTells && before.Generation != now.Generation;
        if (due) queue.Add(key, now.Uid, TimeSpan.Zero);
    }

    private void Listed(RunKind kind, string? ns, IReadOnlySet<string> uids)
    {
        foreach (var (key, uid) in index.Missing(kind, ns, uids)) Gone(key, uid);
    }

    private void Gone(RunKey key, string uid)
    {
        index.Remove(key, uid);
        memory.Forget(key, uid);
        queue.Add(memory.Waiters.For(key));
    }

    private Task<HttpOperationResponse<V1JobList>> JobsAsync(string? ns, ListRequest r, CancellationToken ct) => ns is null
        ? api.BatchV1.ListJobForAllNamespacesWithHttpMessagesAsync(r.Watch, r.Continue, labelSelector: Labels.RunUid, limit: Limit(r),
            resourceVersion: r.Version, timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct)
        : api.BatchV1.ListNamespacedJobWithHttpMessagesAsync(ns, r.Watch, r.Continue, labelSelector: Labels.RunUid, limit: Limit(r),
            resourceVersion: r.Version, timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct);

    private Task<HttpOperationResponse<V1PodList>> PodsAsync(string? ns, ListRequest r, CancellationToken ct) => ns is null
        ? api.CoreV1.ListPodForAllNamespacesWithHttpMessagesAsync(r.Watch, r.Continue, labelSelector: Labels.RunUid, limit: Limit(r),
            resourceVersion: r.Version, timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct)
        : api.CoreV1.ListNamespacedPodWithHttpMessagesAsync(ns, r.Watch, r.Continue, labelSelector: Labels.RunUid, limit: Limit(r),
            resourceVersion: r.Version, timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct);

    private Task<HttpOperationResponse<Corev1EventList>> EventsAsync(string? ns, ListRequest r, CancellationToken ct) => ns is null
        ? api.CoreV1.ListEventForAllNamespacesWithHttpMessagesAsync(r.Watch, r.Continue, RefusedPods, limit: Limit(r),
            resourceVersion: r.Version, timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct)
        : api.CoreV1.ListNamespacedEventWithHttpMessagesAsync(ns, r.Watch, r.Continue, RefusedPods, limit: Limit(r),
            resourceVersion: r.Version, timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct);

    private Task<HttpOperationResponse<RunViewList>> RunsAsync(RunKind kind, string? ns, ListRequest r, CancellationToken ct)
    {
        var plural = RunPlurals.Of(kind);
        return ns is null
            ? api.CustomObjects.ListClusterCustomObjectWithHttpMessagesAsync<RunViewList>(
                ApiGroup.Name, ApiGroup.Version, plural, r.Watch, r.Continue, limit: Limit(r), resourceVersion: r.Version,
                    timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct)
            : api.CustomObjects.ListNamespacedCustomObjectWithHttpMessagesAsync<RunViewList>(
                ApiGroup.Name, ApiGroup.Version, ns, plural, r.Watch, r.Continue, limit: Limit(r), resourceVersion: r.Version,
                    timeoutSeconds: Seconds(r), watch: r.Watch, cancellationToken: ct);
    }

    private static int? Limit(ListRequest r) => r.Watch ? null : ListRequest.PageSize;

    private static int? Seconds(ListRequest r) => r.Watch ? ListRequest.WatchSeconds : null;
}

/// <summary>The kinds' names in URLs.</summary>
internal static class RunPlurals
{
    public static string Of(RunKind kind) => kind.ToString().ToLowerInvariant() + "s";
}
