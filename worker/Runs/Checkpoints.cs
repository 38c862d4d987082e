using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Storage;

namespace LightReasoner.Worker.Runs;

/// <summary>The checkpoints of a training run, <c>checkpoints/step-000200/</c>: each complete, or not there for a reader.</summary>
internal sealed class Checkpoints(RunOutput output, int keep)
{
    private const string Root = "checkpoints/";

    /// <summary>Saves a step and then prunes the oldest ones beyond the limit; never before the new one is complete.</summary>
    public async Task SaveAsync(long step, Action<string> save, CancellationToken cancellation)
    {
        await output.PutFolderAsync(FolderOf(step), save, cancellation);
        await PruneAsync(cancellation);
    }

    /// <summary>Loads the newest complete checkpoint, or an older one where that is damaged; false where there is none.</summary>
    /// <exception cref="InvalidDataException">All that there are are damaged.</exception>
    public async Task<bool> LoadNewestAsync(Action<string> load, CancellationToken cancellation)
    {
        InvalidDataException? damage = null;
        foreach (var (step, isComplete) in await StepsAsync(cancellation))
        {
            if (!isComplete) continue;
            using var staging = new ScratchFolder();
            try
            {
                await output.GetFolderAsync(FolderOf(step), staging.Path, cancellation);
                load(staging.Path);
                await PruneAsync(cancellation);
                return true;
            }
            catch (InvalidDataException e)
            {
                damage ??= e;
            }
            catch (FileNotFoundException)
            {
                // An older attempt that is about to end pruned it while it was read; then the claim of this one stops that, and newer ones
                // are there.
                return await LoadNewestAsync(load, cancellation);
            }
        }
        return damage is null ? false : throw damage;
    }

    public async Task ClearAsync(CancellationToken cancellation)
    {
        foreach (var (step, _) in await StepsAsync(cancellation)) await output.DeleteFolderAsync(FolderOf(step), cancellation);
    }

    /// <summary>Deletes complete ones beyond the limit, and what kills left of older ones.</summary>
    private async Task PruneAsync(CancellationToken cancellation)
    {
        var complete = 0;
        foreach (var (step, isComplete) in await StepsAsync(cancellation))
        {
            if (isComplete) complete++;
            if (isComplete ? complete > keep : complete > 0) await output.DeleteFolderAsync(FolderOf(step), cancellation);
        }
    }

    /// <summary>Newest first.</summary>
    private async Task<IReadOnlyList<(long Step, bool IsComplete)>> StepsAsync(CancellationToken cancellation) =>
    [
        .. (await output.Store.ListAsync(Root, cancellation))
            .Select(blob => blob.Name[Root.Length..].Split('/', 2))
            .Where(parts => parts.Length == 2)
            .GroupBy(parts => TrainingCheckpoint.StepOf(parts[0]), parts => parts[1])
            .Where(folder => folder.Key is not null)
            .Select(folder => (folder.Key!.Value, folder.Contains(RunOutput.Complete)))
            .OrderByDescending(found => found.Value),
    ];

    private static string FolderOf(long step) => Root + TrainingCheckpoint.FolderName(step);
}
