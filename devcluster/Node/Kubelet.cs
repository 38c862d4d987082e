namespace LightReasoner.DevCluster.Node;

/// <summary>Keeps one <see cref="PodWorker"/> for every Pod that is bound to the node.</summary>
internal sealed class Kubelet(NodeContext node, ILogger log, CancellationToken shutdown)
{
    private readonly ConcurrentDictionary<string, PodWorker> workers = new();
    private bool stopping;

    /// <summary>A Pod of the API server has changed.</summary>
    public void Changed(Change change)
    {
        if (change.Latest.Text("spec", "nodeName") != node.Options.Name) return;
        var uid = change.Latest.Uid();
        if (change.New is not { } pod)
        {
            if (workers.TryRemove(uid, out var gone)) _ = Forget(gone);
            return;
        }
        if (workers.TryGetValue(uid, out var worker))
        {
            worker.Update(pod);
            return;
        }
        if (stopping) return;
        worker = new PodWorker(node, pod, log, shutdown);
        workers[uid] = worker;
        worker.Update(pod);
        worker.Start();
    }

    public PodFolders? FoldersOf(string ns, string name) =>
        workers.Values.Select(w => w.Folders).FirstOrDefault(f =>
            Path.GetFileName(f.Logs).StartsWith($"{ns}_{name}_", StringComparison.Ordinal));

    /// <summary>Removes the folders of Pods that are gone since an earlier run of the node.</summary>
    public void Sweep()
    {
        foreach (var kind in (string[])["pods", "logs"])
        {
            var folder = Path.Combine(node.Options.DataDirectory, kind);
            if (!Directory.Exists(folder)) continue;
            foreach (var left in Directory.GetDirectories(folder).Where(d => !workers.ContainsKey(Path.GetFileName(d).Split('_')[^1])))
                Directory.Delete(left, recursive: true);
        }
    }

    /// <summary>Ends every Pod and waits for that.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        stopping = true;
        foreach (var worker in workers.Values) worker.ShutDown(grace);
        await Task.WhenAll(workers.Values.Select(w => w.Completion));
    }

    private static async Task Forget(PodWorker worker)
    {
        worker.Vanished();
        await worker.Completion;
        worker.Folders.RemoveLogs();
    }
}
