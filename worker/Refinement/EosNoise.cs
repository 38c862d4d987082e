using LightReasoner.Worker.Models;

namespace LightReasoner.Worker.Refinement;

/// <summary>The noise of refinement training: response tokens are replaced by a mask token (EOS in training).</summary>
internal static class EosNoise
{
    /// <summary>
    /// Noises one sequence. A position of the response is replaced where its uniform number is below <paramref name="t"/>; the EOS tail is
    /// replaced as a whole or not at all, as its first position is.
    /// </summary>
    /// <param name="maskable">Which positions belong to the response.</param>
    /// <param name="u">A uniform number in [0, 1) for each position.</param>
    /// <param name="maskId">What tokens are replaced by.</param>
    /// <param name="eosId">The token that a tail is made of; null for no tail rule.</param>
    /// <param name="rule">
    /// Corrected: the tail is the trailing run of EOS in the response. Published: the tail begins at index n, n being the number of
    /// positions that are not an EOS of the response; if an EOS stands inside the response, that overwrites real tokens at the end.
    /// </param>
    /// <returns>The noised sequence, and which positions count as replaced.</returns>
    public static (int[] Noised, bool[] Replaced) Apply(
        int[] ids, bool[] maskable, float[] u, float t, int maskId, int? eosId, Compatibility rule)
    {
        var noised = ids.ToArray();
        var replaced = new bool[ids.Length];
        for (var i = 0; i < noised.Length; i++)
        {
            replaced[i] = maskable[i] && u[i] < t;
            if (replaced[i])
                noised[i] = maskId;
        }
        if (eosId is not { } eos)
            return (noised, replaced);

        var (start, end) = rule is Compatibility.Published ? (ids.Where((id, i) => id != eos || !maskable[i]).Count(), ids.Length)
            : TrailingRun(ids, maskable, eos);
        if (start < end)
        {
            noised.AsSpan(start, end - start).Fill(replaced[start] ? maskId : eos);
            replaced.AsSpan(start, end - start).Fill(replaced[start]);
        }
        return (noised, replaced);
    }

    /// <summary>The random numbers of a sequence: its probability of replacement t, and u for every position.</summary>
    public static (float T, float[] U) Draw(RandomStream random, IterativeSpec spec, int length)
    {
        var t = (float)(spec.NoiseMin + (spec.NoiseMax - spec.NoiseMin) * random.NextDouble());
        var u = new float[length];
        for (var i = 0; i < length; i++)
            u[i] = random.NextSingle();
        return (t, u);
    }

    private static (int Start, int End) TrailingRun(int[] ids, bool[] maskable, int eos)
    {
        var end = ids.Length;
        while (end > 0 && !maskable[end - 1])
            end--;
        var start = end;
        while (start > 0 && maskable[start - 1] && ids[start - 1] == eos)
            start--;
        return (start, end);
    }
}
