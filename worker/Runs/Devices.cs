namespace LightReasoner.Worker.Runs;

/// <summary>The devices that a run works on.</summary>
internal static class Devices
{
    /// <summary>As many GPUs as the pod asks for; without any the CPU, as often as LIGHTREASONER_CPU_DEVICES says (else once).</summary>
    public static IReadOnlyList<torch.Device> For(WorkerSpec worker)
    {
        if (worker.Gpus == 0) return Cpus();
        var gpus = Gpus();
        return gpus.Length >= worker.Gpus ? gpus[..worker.Gpus]
            : throw new WorkerException(ExitCode.BadManifest, $"spec.worker.gpus is {worker.Gpus}, but libtorch sees "
                + $"{(gpus.Length == 0 ? "no GPU" : $"{gpus.Length} GPUs")} here; set it to 0 to run on the CPU");
    }

    /// <summary>All GPUs that are here; without any the CPU, as often as LIGHTREASONER_CPU_DEVICES says.</summary>
    public static IReadOnlyList<torch.Device> Here() => Gpus() is { Length: > 0 } gpus ? gpus : Cpus();

    private static torch.Device[] Gpus() => !torch.cuda.is_available() ? []
        : [.. Enumerable.Range(0, torch.cuda.device_count()).Select(i => torch.device(DeviceType.CUDA, i))];

    private static torch.Device[] Cpus()
    {
        var set = int.TryParse(Environment.GetEnvironmentVariable("LIGHTREASONER_CPU_DEVICES"), NumberStyles.None, null, out var replicas);
        return [.. Enumerable.Repeat(torch.CPU, set ? Math.Max(1, replicas) : 1)];
    }
}
