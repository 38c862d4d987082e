namespace LightReasoner.DevCluster.Node;

/// <summary>Lays the volumes of a Pod out in its folder, and keeps its tokens fresh.</summary>
internal sealed class PodVolumes(ApiClient api, JsonObject pod, PodFolders folders, TimeProvider clock)
{
    private const string Temporary = "/tmp";
    private const int DefaultTokenLife = 3600;
    private static readonly TimeSpan MaxTokenAge = TimeSpan.FromHours(24);

    private readonly ConfigSource config = new(api, pod.Namespace());
    private readonly List<(string File, JsonObject Source)> tokens = [];
    /// <summary>The folder of each claim, by the folder of its volume.</summary>
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
            var (kind, source) = volume.Where(p => p.Key != "name").Select(p => (p.Key, p.Value as JsonObject ?? [])).FirstOrDefault();
            try
            {
                foreach (var (part, content) in kind == "projected" ? source.Items("sources").SelectMany(s => s)
                    : [KeyValuePair.Create(kind, (JsonNode?)source)])
                    await LayOut(part, content as JsonObject ?? [], folders.Volume(name), cancel);
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
            var folder = folders.Volume(mount.Text("name")!);
            var real = volume.Text("hostPath", "path") ?? claims.GetValueOrDefault(folder, folder);
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

    private async Task LayOut(string kind, JsonObject source, string folder, CancellationToken cancel)
    {
        if (kind == "hostPath")
        {
            if (source.Text("type") == "DirectoryOrCreate") Directory.CreateDirectory(source.Text("path")!);
            return;
        }
        if (kind == "persistentVolumeClaim")
        {
            claims[folder] = Directory.CreateDirectory(folders.Claim(await config.ClaimAsync(source, cancel))).FullName;
            return;
        }
        Directory.CreateDirectory(folder);
        switch (kind)
        {
            case "emptyDir":
                break;
            case "configMap":
                await WriteEntries(folder, source, Resource.ConfigMaps, cancel);
                break;
            case "secret":
                await WriteEntries(folder, source, Resource.Secrets, cancel);
                break;
            case "downwardAPI":
                foreach (var item in source.Items("items"))
                {
                    var value = DownwardApi.Field(pod, item.Text("fieldRef", "fieldPath") ?? "of another kind");
                    value = pod.Items("spec", "containers").Aggregate(value, (text, container) => Paths(container).Rewrite(text));
                    await Write(Inside(folder, item.Text("path") ?? ""), Encoding.UTF8.GetBytes(value), cancel);
                }
                break;
            case "serviceAccountToken":
                var file = Inside(folder, source.Text("path") ?? "token");
                await WriteToken(file, source, cancel);
                tokens.Add((file, source));
                break;
            default:
                throw new ConfigException($"volumes of type {kind} are not supported by this node");
        }
    }

    private async Task WriteEntries(string folder, JsonObject source, Resource resource, CancellationToken cancel)
    {
        if (await config.EntriesAsync(resource, source, cancel) is not { } entries) return;
        var items = source.Items("items").Select(i => (Key: i.Text("key") ?? "", File: i.Text("path") ?? "")).ToList();
        if (items.Count == 0) items = [.. entries.Keys.Select(k => (k, k))];
        foreach (var (key, file) in items)
        {
            if (entries.TryGetValue(key, out var value)) await Write(Inside(folder, file), value, cancel);
            else if (!source.BoolAt("optional")) throw new ConfigException($"references non-existent {resource.Plural[..^1]} key: {key}");
        }
    }

    private async Task WriteToken(string file, JsonObject source, CancellationToken cancel)
    {
        var account = pod.Text("spec", "serviceAccountName") is { Length: > 0 } name ? name : "default";
        var spec = new JsonObject
        {
            ["expirationSeconds"] = source.Number("expirationSeconds") ?? DefaultTokenLife,
            ["boundObjectRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["name"] = pod.Name(), ["uid"] = pod.Uid() },
            ["audiences"] = source.Text("audience") is { Length: > 0 } audience ? new JsonArray(audience) : new JsonArray(),
        };
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
        await Write(file, Encoding.UTF8.GetBytes(answer.Text("status", "token") ?? ""), cancel);
        var now = clock.GetUtcNow();
        var life = (answer.Time("status", "expirationTimestamp") ?? now.AddSeconds(DefaultTokenLife)) - now;
        var next = now + (life * 0.8 < MaxTokenAge ? life * 0.8 : MaxTokenAge);
        if (renewal is null || next < renewal) renewal = next;
    }

    private static string Inside(string folder, string file)
    {
        var path = Path.GetFullPath(Path.Combine(folder, file));
        return path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new ConfigException($"path {file} leaves the volume");
    }

    /// <summary>Readers see the old content or the new one, never a part. Nobody but the owner can read it.</summary>
    private static async Task Write(string file, byte[] content, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var temporary = file + ".tmp";
        await File.WriteAllBytesAsync(temporary, content, cancel);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(temporary, file, overwrite: true);
    }
}
