using LightReasoner.Worker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Bench;

/// <summary>A kept step, by whichever program.</summary>
internal sealed record BenchSample(int Prompt, int Step, int[] TokenIds, double[] Weights, double Kl);

/// <summary>The published programs' way of generating and of sampling, step by step.</summary>
internal static class PublishedPrograms
{
    /// <summary>generate(): greedy, all rows of equal length, a growing cache.</summary>
    public static int[][] Greedy(ReferenceDecoder model, int[][] prompts, int maxNewTokens, List<Tensor>? scores = null)
    {
        var cache = new ReferenceDecoder.Cache();
        var answers = prompts.Select(_ => new List<int>()).ToArray();
        var next = Batch(prompts);
        for (var step = 0; step < maxNewTokens; step++)
        {
            using var scope = NewDisposeScope();
            var logits = model.Forward(next, cache, lastOnly: true).squeeze(1);
            scores?.Add(logits.DetachFromDisposeScope());
            var ids = logits.argmax(-1).data<long>().ToArray();
            for (var row = 0; row < ids.Length; row++)
                answers[row].Add((int)ids[row]);
            next.Dispose();
            next = tensor(ids).view(-1, 1).DetachFromDisposeScope();
        }
        next.Dispose();
        foreach (var (keys, values) in cache.Layers)
        {
            keys.Dispose();
            values.Dispose();
        }
        return [.. answers.Select(answer => answer.ToArray())];
    }

    /// <summary>
    /// The sampling script: one question at a time; the expert's scores are kept, and the amateur reads every prefix anew.
    /// </summary>
    public static List<BenchSample> Sample(ReferenceDecoder expert, ReferenceDecoder amateur, int[][] prompts, int maxNewTokens,
        double alpha, double beta)
    {
        var samples = new List<BenchSample>();
        for (var number = 0; number < prompts.Length; number++)
        {
            using var scope = NewDisposeScope();
            var scores = new List<Tensor>();
            var answer = Greedy(expert, [prompts[number]], maxNewTokens, scores)[0];
            for (var step = 1; step < answer.Length; step++)
            {
                using var inner = NewDisposeScope();
                var logits = amateur.Forward(Batch([[.. prompts[number], .. answer[..step]]]));
                if (Contrast(scores[step][0].softmax(-1), logits[0, logits.size(1) - 1].softmax(-1), alpha, beta) is var (ids, weights, kl))
                    samples.Add(new BenchSample(number, step, ids, weights, kl));
            }
            scores.ForEach(score => score.Dispose());
        }
        return samples;
    }

    /// <summary>iterative_generate without a cache: every pass reads prompt, answer and block anew.</summary>
    public static int[] Blocks(ReferenceDecoder model, int[] prompt, int fillId, int blockLength, int passes, int maxNewTokens)
    {
        int[] ids = [.. prompt];
        while (ids.Length < prompt.Length + maxNewTokens)
        {
            var start = ids.Length;
            int[] sequence = [.. ids, .. Enumerable.Repeat(fillId, blockLength - 1)];
            int[] block = [];
            for (var pass = 0; pass < passes; pass++)
            {
                using var scope = NewDisposeScope();
                var predicted = model.Forward(Batch([sequence])).argmax(-1)[0].data<long>().ToArray();
                block = [.. predicted[(start - 1)..].Select(id => (int)id)];
                block[..^1].CopyTo(sequence, start);
            }
            ids = [.. ids, .. block];
        }
        return ids[prompt.Length..(prompt.Length + maxNewTokens)];
    }

    public static Tensor Batch(int[][] rows) => tensor(rows.SelectMany(row => row.Select(id => (long)id)).ToArray()).view(rows.Length, -1);

    private static (int[] Ids, double[] Weights, double Kl)? Contrast(Tensor expert, Tensor amateur, double alpha, double beta)
    {
        var epsilon = Scalars.Of(1e-12);
        var kl = expert.add(epsilon).mul(expert.add(epsilon).log().sub(amateur.add(epsilon).log())).sum().item<float>();
        if (kl < beta)
            return null;
        var kept = expert.ge(expert.max().mul(Scalars.Of(alpha))).nonzero().view(-1);
        var ratio = expert.index_select(0, kept).add(epsilon).log().sub(amateur.index_select(0, kept).add(epsilon).log()).softmax(0);
        return ([.. kept.data<long>().Select(id => (int)id)], [.. ratio.data<float>().Select(w => (double)w)], kl);
    }
}
