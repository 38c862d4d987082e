using LightReasoner.Worker.Models;
using LightReasoner.Worker.Reporting;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>What an attempt is about to do: said, and checked against the machine, before the first forward pass.</summary>
internal sealed record RunPlan
{
    /// <summary>Free space that is left alone, so that a nearly full disk is not filled to the last byte.</summary>
    private const long Spare = 64 << 20;

    /// <summary>Each model: its field, where it is and its size; and its shape.</summary>
    public required IReadOnlyList<(string Gist, string Shape)> Models { get; init; }

    /// <summary>What is done: how many questions, records, steps and tokens.</summary>
    public required string Work { get; init; }

    /// <summary>Where several shards are planned at once: a line for each, or for all.</summary>
    public IReadOnlyList<string> Shards { get; init; } = [];

    public required MemoryPrediction Memory { get; init; }
    public required string MemoryRemedy { get; init; }

    /// <summary>What is written below the output, for people.</summary>
    public required string Writes { get; init; }

    /// <summary>Bytes that the output will have at its largest, and of temporary files at a time; about.</summary>
    public required long OutputBytes { get; init; }
    public required long ScratchBytes { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What the work will take, from a few batches that were timed; null where none were.</summary>
    public string? Duration { get; init; }

    public static (string Gist, string Shape) Model(string field, ModelWithTokenizer model)
    {
        var causal = model.Loaded.Model;
        return ($"{field}: {BlobUri.WithoutCredentials(model.Uri)}, {Count(MemoryPrediction.Elements(causal.Config))} parameters",
            $"{causal.Config.Architecture}, {causal.DType.ToString().ToLowerInvariant()}, "
            + $"context {causal.Config.MaxPositionEmbeddings:N0} tokens, vocabulary {causal.Config.VocabSize:N0}");
    }

    public static string About(TimeSpan duration) => $"about {ConsoleProgress.Duration(duration)}";

    /// <summary>What the work is done on: <c>CPU, 2 threads</c>, or GPUs.</summary>
    public static string DeviceLine(IReadOnlyList<torch.Device> devices) => devices[0].type == DeviceType.CUDA
        ? $"{devices.Count} GPU{(devices.Count == 1 ? "" : "s")}"
        : $"CPU{(devices.Count == 1 ? "" : $", {devices.Count} replicas")}, {torch.get_num_threads()} "
            + $"thread{(torch.get_num_threads() == 1 ? "" : "s")}";

    /// <summary>Warnings on prompts and answers that do not fit into a model's context.</summary>
    /// <param name="what">What has the prompts: <c>questions</c>.</param>
    /// <param name="leftOut">What becomes of a prompt that fills the context.</param>
    public static IEnumerable<string> ContextWarnings(string what, IReadOnlyList<int> lengths, int maxNewTokens,
        int context, string leftOut)
    {
        int full = lengths.Count(length => length >= context),
            tight = lengths.Count(length => length < context && length + maxNewTokens > context);
        if (full > 0)
            yield return $"{full} of {lengths.Count} {what} have prompts of {context} tokens and more, which fill the model's context; "
                + $"{leftOut}";
        if (tight > 0)
            yield return $"{tight} of {lengths.Count} {what} and maxNewTokens ({maxNewTokens}) together exceed the model's context of "
                + $"{context} tokens: their answers may be cut before that";
    }

    public IEnumerable<string> Lines(RunContext run)
    {
        foreach (var (gist, shape) in Models) yield return $"{gist}, {shape}";
        yield return Work;
        foreach (var shard in Shards) yield return shard;
        yield return $"device: {DeviceLine(run.Devices)}";
        yield return $"{Memory} of {MemoryPrediction.Amount(DeviceMemory.Total(run.Devices[0]))}";
        if (Duration is { } duration) yield return $"predicted duration: {duration}, from a few batches that were timed";
        yield return $"disk: {Disk(run)}";
        yield return $"writes {Writes}";
        foreach (var warning in Warnings) yield return $"warning: {warning}";
    }

    /// <summary>Refuses what the machine has no room for.</summary>
    public void Check(RunContext run)
    {
        Memory.RefuseAbove(DeviceMemory.Total(run.Devices[0]), MemoryRemedy);
        Refuse(run.Output.Store.Uri, OutputBytes, OutputFree(run), "make room there, or name another spec.output.uri");
        Refuse(Path.GetTempPath(), ScratchBytes, FreeSpace(Path.GetTempPath()),
            "make room there, set TMPDIR to another folder, or raise spec.worker.scratch");
    }

    /// <summary>The plan in a sentence, for the run's status and its event.</summary>
    public string Gist(RunContext run) => string.Join("; ",
    [
        .. Models.Select(model => model.Gist),
        $"{Work}, {ProgressReport.PlanWords} {MemoryPrediction.Amount(Memory.Total)} of "
            + $"{MemoryPrediction.Amount(DeviceMemory.Total(run.Devices[0]))}",
        $"disk: {Disk(run)}",
        .. Warnings.Select(warning => $"warning: {warning}"),
    ]);

    /// <summary>A number with K, M or G.</summary>
    public static string Count(long number) => number switch
    {
        >= 1_000_000_000 => $"{number / 1e9:0.##} G",
        >= 1_000_000 => $"{number / 1e6:0.#} M",
        _ => $"{number:N0}",
    };

    private string Disk(RunContext run)
    {
        return $"about {MemoryPrediction.Amount(OutputBytes)} below {run.Output.Store.Uri}{Free(OutputFree(run))}, "
            + $"{MemoryPrediction.Amount(ScratchBytes)} of scratch in {Path.GetTempPath()}{Free(FreeSpace(Path.GetTempPath()))}";

        static string Free(long? bytes) => bytes is { } free ? $" ({MemoryPrediction.Amount(free)} free)" : "";
    }

    private static void Refuse(string place, long needed, long? free, string remedy)
    {
        // What a run leaves in a folder counts as used already; only what surely cannot fit is refused.
        if (free is { } there && needed + Spare > there)
            throw new WorkerException(ExitCode.Failure,
                $"{place}: about {MemoryPrediction.Amount(needed)} will be written, and only {MemoryPrediction.Amount(there)} of disk are "
                + $"free; {remedy}");
    }

    private static long? OutputFree(RunContext run) => run.Output.Store is DirectoryBlobStore folder ? FreeSpace(folder.Root) : null;

    /// <summary>Free bytes where a folder is or will be; null where the system does not tell.</summary>
    private static long? FreeSpace(string folder)
    {
        var there = Path.GetFullPath(folder);
        while (there is not null && !Directory.Exists(there)) there = Path.GetDirectoryName(there);
        try
        {
            return there is null ? null : new DriveInfo(there).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
