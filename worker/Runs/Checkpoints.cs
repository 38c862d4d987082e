using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>The checkpoints of a training run: <c>checkpoints/step-000200/</c>, each complete or not there as far as a reader can tell.</summary>
public sealed class Checkpoints(RunOutput output, int keep)
{
    private const string Prefix = "checkpoints/step-";

    /// <summary>Saves a step and then prunes the oldest ones beyond the limit; never before the new one is complete.</summary>
    /// <param name="step">Optimiser steps done.</param>
    /// <param name="save">Writes the state into a local folder.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task SaveAsync(long step, Action<string> save, CancellationToken cancellation)
    {
        using var staging = new ScratchFolder();
        save(staging.Path);
        await output.PutFolderAsync(staging.Path, FolderOf(step), cancellation);
        foreach (long old in (await CompleteStepsAsync(cancellation)).OrderDescending().Skip(keep))
            await output.DeleteFolderAsync(FolderOf(old), cancellation);
    }

    /// <summary>Loads the newest complete checkpoint; false where there is none.</summary>
    public async Task<bool> LoadNewestAsync(Action<string> load, CancellationToken cancellation)
    {
        IReadOnlyList<long> steps = await CompleteStepsAsync(cancellation);
        if (steps.Count == 0) return false;
        using var staging = new ScratchFolder();
        await output.GetFolderAsync(FolderOf(steps.Max()), staging.Path, cancellation);
        load(staging.Path);
        return true;
    }

    private async Task<IReadOnlyList<long>> CompleteStepsAsync(CancellationToken cancellation) =>
    [
        .. (await output.Store.ListAsync(Prefix, cancellation))
            .Where(blob => blob.Name.EndsWith("/" + RunOutput.Complete, StringComparison.Ordinal))
            .Select(blob => long.Parse(blob.Name[Prefix.Length..blob.Name.LastIndexOf('/')], System.Globalization.CultureInfo.InvariantCulture)),
    ];

    private static string FolderOf(long step) => FormattableString.Invariant($"{Prefix}{step:D6}");
}
