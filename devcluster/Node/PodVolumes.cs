using System.Text;
using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Client;
using LightReasoner.DevCluster.Json;

namespace LightReasoner.DevCluster.Node;

/// <summary>Lays the volumes of a Pod out in its folder, and keeps its tokens fresh.</summary>
internal sealed class PodVolumes(ApiClient api, JsonObject pod, PodFolders folders, Func<string, decimal> nodeHas, TimeProvider clock)
{
    private const string Temporary = "/tmp";
    private const int DefaultTokenLife = 3600;
    private static readonly TimeSpan MaxTokenAge = TimeSpan.FromHours(24);

    private readonly ConfigSource config = new(api, pod.Namespace());
    private readonly List<(string File, JsonObject Source)> tokens = [];
    private readonly Dictionary<string, string> claims = [];
    private DateTimeOffset? renewal;

    /// <summary>Makes every volume. Throws <see cref="ConfigException"/> while something that a volume needs is missing.</summary>
    public async Task LayOutAsync(CancellationToken cancel)
    {
        tokens.Clear();
        // What files say of the paths of claims depends on where these are.
        foreach (var volume in pod.Items("spec", "volumes").OrderBy(v => !v.ContainsKey("persistentVolumeClaim")))
        {
            var name = volume.Text("name") ?? "";
            try
            {
                await LayOut(volume, folders.Volume(name), cancel);
            }
            catch (ConfigException e)
            {
                throw new ConfigException($"MountVolume.SetUp failed for volume \"{name}\" : {e.Message}");
            }
        }
    }

    /// <summary>
    /// The folder of what is mounted at /tmp. Programs find it by TMPDIR: the path itself is not rewritten, since the machine's own /tmp is
    /// where a development setup keeps things that arguments name.
    /// </summary>
    public string? TemporaryFolder(JsonObject container) =>
        container.Items("volumeMounts").FirstOrDefault(m => m.Text("mountPath") == Temporary).Text("name") is { } volume
            ? folders.Volume(volume) : null;

    /// <summary>The real places of a container's mounts and of its termination message.</summary>
    public PathMap Paths(JsonObject container)
    {
        var mounts = new Dictionary<string, string>();
        foreach (var mount in container.Items("volumeMounts"))
        {
            var volume = pod.Items("spec", "volumes").FirstOrDefault(v => v.Text("name") == mount.Text("name"));
            if (volume is null || mount.Text("mountPath") is not { } path || path == Temporary) continue;
            var real = volume.Text("hostPath", "path") ?? claims.GetValueOrDefault(mount.Text("name")!)
                ?? folders.Volume(mount.Text("name")!);
            if (mount.Text("subPath") is { Length: > 0 } inner)
            {
                real = Path.Combine(real, inner);
                if (!File.Exists(real)) Directory.CreateDirectory(real);
            }
            mounts[path] = real;
        }
        mounts[container.Text("terminationMessagePath") ?? "/dev/termination-log"] = folders.TerminationMessage(container.Text("name")!);
        return new PathMap(mounts);
    }

    /// <summary>Writes new tokens before the old ones expire, until cancelled.</summary>
    public async Task RenewAsync(CancellationToken cancel)
    {
        while (tokens.Count > 0 && renewal is { } next)
        {
            var wait = next - clock.GetUtcNow();
            if (wait > TimeSpan.Zero) await Task.Delay(wait, clock, cancel);
            try
            {
                renewal = null;
                foreach (var (file, source) in tokens) await WriteToken(file, source, cancel);
            }
            catch (Exception e) when (e is ApiException or ConfigException or HttpRequestException or IOException)
            {
                // The old token is good for a while yet: try again soon.
                renewal = clock.GetUtcNow() + TimeSpan.FromSeconds(10);
            }
        }
    }

    private async Task LayOut(JsonObject volume, string folder, CancellationToken cancel)
    {
        if (volume.Map("hostPath") is { } host)
        {
            CheckHostPath(host);
            return;
        }
        if (volume.Map("persistentVolumeClaim") is { } claim)
        {
            var uid = await config.ClaimAsync(claim.Text("claimName") ?? "", cancel);
            claims[volume.Text("name")!] = Directory.CreateDirectory(folders.Claim(uid)).FullName;
            return;
        }
        Directory.CreateDirectory(folder);
        if (volume.ContainsKey("emptyDir")) return;
        if (volume.Map("configMap") is { } map) await WriteConfigMap(folder, map, map.Int("defaultMode"), cancel);
        else if (volume.Map("secret") is { } secret)
            await WriteSecret(folder, secret, secret.Text("secretName"), secret.Int("defaultMode"), cancel);
        else if (volume.Map("downwardAPI") is { } fields) await WriteFields(folder, fields, fields.Int("defaultMode"), cancel);
        else if (volume.Map("projected") is { } projected) await WriteProjected(folder, projected, cancel);
        else throw new ConfigException($"volumes of type {volume.Select(e => e.Key).FirstOrDefault(k => k != "name")} are not supported "
            + "by this node");
    }

    private async Task WriteProjected(string folder, JsonObject projected, CancellationToken cancel)
    {
        var mode = projected.Int("defaultMode");
        foreach (var source in projected.Items("sources"))
        {
            if (source.Map("configMap") is { } map) await WriteConfigMap(folder, map, mode, cancel);
            if (source.Map("secret") is { } secret) await WriteSecret(folder, secret, secret.Text("name"), mode, cancel);
            if (source.Map("downwardAPI") is { } fields) await WriteFields(folder, fields, mode, cancel);
            if (source.Map("serviceAccountToken") is not { } token) continue;
            var file = Inside(folder, token.Text("path") ?? "token");
            await WriteToken(file, token, cancel);
            tokens.Add((file, token));
        }
    }

    private async Task WriteConfigMap(string folder, JsonObject map, int? mode, CancellationToken cancel)
    {
        var name = map.Text("name") ?? "";
        var entries = await config.ConfigMapAsync(name, map.Flag("optional") ?? false, cancel);
        await WriteEntries(folder, map, entries, $"configmap references non-existent config key", mode, cancel);
    }

    private async Task WriteSecret(string folder, JsonObject secret, string? name, int? mode, CancellationToken cancel)
    {
        var entries = await config.SecretAsync(name ?? "", secret.Flag("optional") ?? false, cancel);
        await WriteEntries(folder, secret, entries, $"references non-existent secret key", mode, cancel);
    }

    private static async Task WriteEntries(
        string folder, JsonObject source, IReadOnlyDictionary<string, byte[]>? entries, string missing, int? mode, CancellationToken cancel)
    {
        if (entries is null) return;
        var items = source.Items("items").Select(i => (Key: i.Text("key") ?? "", File: i.Text("path") ?? "", Mode: i.Int("mode"))).ToList();
        if (items.Count == 0) items = [.. entries.Keys.Select(k => (k, k, (int?)null))];
        foreach (var (key, file, own) in items)
        {
            if (entries.TryGetValue(key, out var value)) await Write(Inside(folder, file), value, own ?? mode, cancel);
            else if (source.Flag("optional") != true) throw new ConfigException($"{missing}: {key}");
        }
    }

    private async Task WriteFields(string folder, JsonObject fields, int? mode, CancellationToken cancel)
    {
        foreach (var item in fields.Items("items"))
        {
            string? value;
            if (item.Map("resourceFieldRef") is { } resource)
            {
                var container = pod.Items("spec", "containers").FirstOrDefault(c => c.Text("name") == resource.Text("containerName")) ?? [];
                value = DownwardApi.Resource(container, resource.Text("resource") ?? "", resource.Text("divisor"), nodeHas);
            }
            else
            {
                var path = item.Text("fieldRef", "fieldPath") ?? "";
                value = DownwardApi.Field(pod, path) ?? throw new ConfigException($"fieldRef {path} is not supported");
                value = pod.Items("spec", "containers").Aggregate(value, (text, container) => Paths(container).Rewrite(text));
            }
            await Write(Inside(folder, item.Text("path") ?? ""), Encoding.UTF8.GetBytes(value), item.Int("mode") ?? mode, cancel);
        }
    }

    private async Task WriteToken(string file, JsonObject source, CancellationToken cancel)
    {
        var account = pod.Text("spec", "serviceAccountName") is { Length: > 0 } name ? name : "default";
        var spec = new JsonObject
        {
            ["expirationSeconds"] = source.Number("expirationSeconds") ?? DefaultTokenLife,
            ["boundObjectRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["name"] = pod.Name(), ["uid"] = pod.Uid() },
        };
        spec["audiences"] = source.Text("audience") is { Length: > 0 } audience ? new JsonArray(audience) : new JsonArray();
        JsonObject answer;
        try
        {
            answer = await api.CreateAsync(Resource.ServiceAccounts.Object(pod.Namespace(), account, "token"), new JsonObject
            {
                ["apiVersion"] = "authentication.k8s.io/v1",
                ["kind"] = "TokenRequest",
                ["spec"] = spec,
            }, cancel);
        }
        catch (ApiException e)
        {
            throw new ConfigException($"failed to fetch token: {e.Message}");
        }
        await Write(file, Encoding.UTF8.GetBytes(answer.Text("status", "token") ?? ""), 0x180 /* 0600 */, cancel);
        var now = clock.GetUtcNow();
        var life = (answer.Time("status", "expirationTimestamp") ?? now.AddSeconds(DefaultTokenLife)) - now;
        var next = now + (life * 0.8 < MaxTokenAge ? life * 0.8 : MaxTokenAge);
        if (renewal is null || next < renewal) renewal = next;
    }

    private static void CheckHostPath(JsonObject host)
    {
        var path = host.Text("path") ?? "";
        switch (host.Text("type"))
        {
            case "DirectoryOrCreate":
                Directory.CreateDirectory(path);
                break;
            case "FileOrCreate" when !File.Exists(path):
                File.WriteAllBytes(path, []);
                break;
            case "Directory" when !Directory.Exists(path):
                throw new ConfigException($"hostPath type check failed: {path} is not a directory");
            case "File" when !File.Exists(path):
                throw new ConfigException($"hostPath type check failed: {path} is not a file");
        }
    }

    private static string Inside(string folder, string file)
    {
        var path = Path.GetFullPath(Path.Combine(folder, file));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ConfigException($"path {file} leaves the volume");
    }

    /// <summary>Readers see the old content or the new one, never a part.</summary>
    private static async Task Write(string file, byte[] content, int? mode, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var temporary = file + ".tmp";
        await File.WriteAllBytesAsync(temporary, content, cancel);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, (UnixFileMode)((mode ?? 0x1A4 /* 0644 */) & 0x1FF));
        File.Move(temporary, file, overwrite: true);
    }
}
