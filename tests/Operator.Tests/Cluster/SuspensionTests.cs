using System.Globalization;
using k8s.Autorest;

namespace LightReasoner.Operator.Tests.Cluster;

/// <summary>
/// Runs that are suspended, resumed and given another parallelism at random moments, from their first second to their last, while their
/// workers go on chunk by chunk (LIGHTREASONER_SUSPENSION_SEEDS=n for more of them).
/// </summary>
[Collection(nameof(DevCluster))]
public sealed class SuspensionTests(DevCluster cluster)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    [Fact]
    public async Task Run_ChangedAtRandomMoments_LosesAndRepeatsNothing()
    {
        var seeds = int.Parse(Environment.GetEnvironmentVariable("LIGHTREASONER_SUSPENSION_SEEDS") ?? "12", CultureInfo.InvariantCulture);
        await using var o = await OperatorInCluster.StartAsync(cluster);
        await using var history = await StatusHistory.StartAsync(o);
        var suspensions = (await Task.WhenAll(Enumerable.Range(1, seeds).Select(seed => new Life(o, seed).LiveAsync()))).Sum();

        Assert.True(suspensions > seeds, $"{suspensions} suspensions of {seeds} runs are too few to say anything");
        for (int seed = 1; seed <= seeds; seed++) StatusHistory.AssertForward(await history.OfAsync($"s{seed}"));
    }

    /// <summary>One run with its user, who changes his mind, and its workers, whose finished chunks outlive their pods.</summary>
    private sealed class Life(OperatorInCluster o, int seed)
    {
        private const int Chunks = 4, PromptsPerChunk = 5, MostChanges = 8;

        private readonly Random random = new(seed);
        private readonly string name = $"s{seed}";
        private readonly Dictionary<int, string> ended = []; // the pod that ended well, by shard
        private int[] finished = [];
        private int changes, suspensions;
        private bool suspended;

        /// <returns>How often the run was suspended.</returns>
        public async Task<int> LiveAsync()
        {
            finished = new int[1 + seed % 3];
            suspended = random.Next(4) == 0;
            var run = await o.ApplySamplingAsync(name, s =>
                s with { Shards = finished.Length, Suspend = suspended, Retries = 0 });
            using var limit = new CancellationTokenSource(Patience);
            while (await StillGoingAsync(limit))
            {
                if (changes < MostChanges && random.Next(4) == 0) await ChangeAsync();
                else if (suspended && (changes == MostChanges || random.Next(4) == 0)) await SetSuspendAsync(false);
                else await WorkAsync(run);
                await Task.Delay(random.Next(60), CancellationToken.None);
            }
            if (suspended) await SetSuspendAsync(false);

            var all = finished.Length * Chunks * PromptsPerChunk;
            var done = await o.RunAsync<SamplingRunEntity>(name, s => s.ObservedGeneration == 1 + changes,
                "speaks of the last change");
            Assert.Equal((RunPhase.Succeeded, $"{all}/{all}", 0),
                (done.Status.Phase!.Value, done.Status.Progress!.Display, done.Status.Retries ?? 0));
            Assert.Equal(new ShardCounts { Total = finished.Length, Succeeded = finished.Length }, done.Status.Shards);
            Assert.All(finished, chunks => Assert.Equal(Chunks, chunks));
            return suspensions;
        }

        private async Task<bool> StillGoingAsync(CancellationTokenSource limit)
        {
            var run = (await o.Client.GetAsync<SamplingRunEntity>(name, o.Namespace, CancellationToken.None))!;
            Assert.False(limit.IsCancellationRequested, $"{name} has not ended: {run.Status?.Phase}, {run.Status?.Message}");
            Assert.NotEqual(RunPhase.Failed, run.Status?.Phase);
            var standsStill = suspended && run.Status?.ObservedGeneration == run.Metadata.Generation
                && Conditions.Find(run.Status?.Conditions, Conditions.Ready)?.Reason == Reasons.Suspended;
            if (standsStill) Assert.Empty(await OpenPodsAsync(run));
            return run.Status?.Phase != RunPhase.Succeeded;
        }

        private async Task ChangeAsync()
        {
            if (random.Next(3) > 0)
            {
                await SetSuspendAsync(!suspended);
                return;
            }
            // Never what it is already, or it would be no change.
            await o.PatchAsync<SamplingRunEntity>(name,
                new { spec = new { parallelism = 1 + random.Next(finished.Length), ttlSecondsAfterFinished = 10_000 + changes } });
            changes++;
        }

        private async Task SetSuspendAsync(bool value)
        {
            await o.PatchAsync<SamplingRunEntity>(name, new { spec = new { suspend = value } });
            suspended = value;
            changes++;
            if (value) suspensions++;
        }

        /// <summary>One step of one pod: it starts, finishes a chunk, or ends.</summary>
        private async Task WorkAsync(SamplingRunEntity run)
        {
            V1Pod[] pods = await PodsAsync(run), open = [.. pods.Where(IsOpen)];
            foreach (var pod in open.Where(pod => ended.ContainsKey(PodState.Shard(pod))))
            {
                // A pod that ends in the instant in which a suspension takes it away is not counted by the Job, here as in Kubernetes: its
                // shard comes back and finds its chunks done.
                var before = ended[PodState.Shard(pod)];
                Assert.DoesNotContain(pods, other => other.Metadata.Uid == before);
                ended.Remove(PodState.Shard(pod));
            }
            Assert.Equal(open.Length, open.Select(PodState.Shard).Distinct().Count());
            if (open.Length == 0) return;
            var one = open[random.Next(open.Length)];
            int shard = PodState.Shard(one), total = Chunks * PromptsPerChunk;
            try
            {
                if (one.Status?.Phase != "Running")
                {
                    await o.StartPodAsync(one);
                }
                else if (finished[shard] < Chunks)
                {
                    finished[shard]++;
                    await o.PostAsync(await o.TokenAsync(one),
                        o.Report(one, run, finished[shard] * PromptsPerChunk, total, sequence: finished[shard]));
                }
                else
                {
                    await o.EndPodAsync(one, 0, Make.Json(o.Report(one, run, total, total, outcome: ReportOutcome.Succeeded)));
                    ended[shard] = one.Metadata.Uid;
                }
            }
            catch (HttpOperationException e) when (ApiErrors.IsMissing(e))
            {
                // The pod was taken away meanwhile; what it has finished stays finished.
            }
        }

        private async Task<V1Pod[]> OpenPodsAsync(SamplingRunEntity run) => [.. (await PodsAsync(run)).Where(IsOpen)];

        private async Task<V1Pod[]> PodsAsync(SamplingRunEntity run) =>
            [.. await o.Client.ListAsync<V1Pod>(o.Namespace, $"{Labels.RunUid}={run.Metadata.Uid}")];

        private static bool IsOpen(V1Pod pod) => !pod.IsFinished() && pod.Metadata.DeletionTimestamp is null;
    }
}
