using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>A model on every device of a pod, for work that the devices do without one another.</summary>
/// <param name="model">The one on the first device; remains the caller's.</param>
/// <param name="devices">Its device and the others.</param>
internal sealed class ModelReplicas(CausalLM model, IReadOnlyList<Device> devices) : IDisposable
{
    /// <summary>One for each device.</summary>
    public IReadOnlyList<CausalLM> Models { get; } = [model, .. devices.Skip(1).Select(model.CopyTo)];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var copy in Models.Skip(1))
            copy.Dispose();
    }

    /// <summary>
    /// Generates an answer to each prompt; prompt i by replica i modulo their number, so that the same replicas always answer the same
    /// prompts.
    /// </summary>
    /// <param name="generate">Answers prompts of the given numbers and tells how many are complete.</param>
    /// <param name="answered">Is told how many are complete altogether.</param>
    public static IReadOnlyList<GeneratedAnswer> Generate(
        IReadOnlyList<CausalLM> models, IReadOnlyList<int[]> prompts,
        Func<CausalLM, int[][], int[], Action<int>, IReadOnlyList<GeneratedAnswer>> generate, Action<int>? answered)
    {
        var (answers, done) = (new GeneratedAnswer[prompts.Count], new int[models.Count]);
        Each(models.Count, r =>
        {
            int[] mine = [.. Enumerable.Range(0, prompts.Count).Where(i => i % models.Count == r)];
            var generated = generate(models[r], [.. mine.Select(i => prompts[i])], mine, complete =>
            {
                lock (done)
                {
                    done[r] = complete;
                    answered?.Invoke(done.Sum());
                }
            });
            foreach (var (i, answer) in mine.Zip(generated))
                answers[i] = answer;
        });
        return answers;
    }

    /// <summary>Does something for every device, each on a thread of its own; the first error is thrown when all have ended.</summary>
    public static void Each(int devices, Action<int> work)
    {
        if (devices == 1)
        {
            work(0);
            return;
        }
        var tasks = Enumerable.Range(0, devices).Select(r => Task.Factory.StartNew(
            () => work(r), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WhenAll(tasks).GetAwaiter().GetResult();
    }
}
