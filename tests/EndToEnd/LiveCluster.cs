using System.Diagnostics;
using System.Text.Json.Nodes;
using LightReasoner.Quickstart;

namespace LightReasoner.EndToEnd;

/// <summary>A devcluster, the operator installed in it by Helm, driven by the real kubectl.</summary>
public sealed class LiveCluster : IAsyncLifetime
{
    /// <summary>Much longer than anything takes, also on a machine that is busy: only what never comes runs into it.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly string _state = Directory.CreateTempSubdirectory("lightreasoner-e2e-").FullName;
    private readonly LocalCluster _cluster;

    internal Kubectl Kubectl => _cluster.Kubectl;

    /// <summary>Where runs write by default.</summary>
    internal string Runs => Path.Combine(_state, "runs");

    /// <summary>Folders of the PersistentVolumeClaims, named by uid.</summary>
    internal string Claims => Path.Combine(_state, "cluster", "claims");

    internal string Kubeconfig => _cluster.Kubeconfig;

    /// <summary>Names the kubeconfig; nothing runs yet.</summary>
    public LiveCluster() => _cluster = new LocalCluster(RepositoryFolder.Path, _state, Path.Combine(_state, "worker"));

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(p => File.Exists(Path.Combine(p, "helm"))),
            "Helm is not installed (`make test` installs it)");
        Assert.True(File.Exists(Path.Combine(RepositoryFolder.Path, "bin", "worker")), "bin/worker is missing: run `make build` first.");
        // Pods inherit nothing: what eng/run-tests.sh says of threads is said here again.
        var worker = Path.Combine(_state, "worker");
        await File.WriteAllTextAsync(worker, $"#!/bin/sh\nOMP_NUM_THREADS=1 exec '{RepositoryFolder.Path}/bin/worker' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(worker, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await _cluster.StartClusterAsync(default);
        await _cluster.InstallAsync(default, "outputPrefix=file://" + Runs);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cluster.StopAsync();
        Directory.Delete(_state, recursive: true);
    }

    /// <summary>Applies a manifest.</summary>
    internal async Task ApplyAsync(string yaml)
    {
        var file = Path.Combine(_state, $"{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, yaml);
        await Kubectl.RunAsync(default, "apply", "-f", file);
    }

    /// <summary>One run as the API shows it.</summary>
    internal async Task<JsonObject> GetAsync(string resource, string @namespace = "default") =>
        JsonNode.Parse(await Kubectl.RunAsync(default, "get", resource, "-n", @namespace, "-o", "json"))!.AsObject();

    /// <summary>Waits until a run is as it should be; what it is instead goes into the failure.</summary>
    internal async Task<JsonObject> UntilAsync(string resource, Func<JsonObject, bool> holds, string @namespace = "default")
    {
        JsonObject run = [];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Patience; await Task.Delay(1000))
        {
            run = await GetAsync(resource, @namespace);
            if (holds(run)) return run;
            if (RunTable.Text(run, "phase") == "Failed") break;
        }
        Assert.Fail($"{resource} did not get there within {Patience}: "
            + $"{run["status"]?.ToJsonString()}\n{string.Join('\n', _cluster.Programs.Select(p => p.Tail()))}\n{await _cluster
                .OperatorLogAsync(default)}");
        return run;
    }

    /// <summary>Waits until a run has succeeded.</summary>
    internal Task<JsonObject> SucceededAsync(string resource, string @namespace = "default") =>
        UntilAsync(resource, run => RunTable.Text(run, "phase") == "Succeeded", @namespace);
}
