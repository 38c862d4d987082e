using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>
/// Compares two distributions over a vocabulary, float32 on the CPU, straight from the logits: neither probabilities nor their logarithms are ever written to memory.
/// As separate operators the same is nine passes over [rows, vocabulary].
/// </summary>
internal static unsafe class Contrast
{
    private const int Lanes = 16;

    /// <summary>A row's distribution: p(v) = exp(logit(v) − Shift) · Scale.</summary>
    private readonly record struct Normaliser(float Shift, float Scale)
    {
        public float Probability(float logit) => MathF.Exp(logit - Shift) * Scale;
    }

    public static bool Supports(Tensor expert, Tensor amateur) => RowOperators.IsPlain(expert) && RowOperators.IsPlain(amateur);

    /// <summary>KL(expert ‖ amateur) of some rows over the vocabulary that both share, and for those where it reaches beta, the plausible tokens and their weights.</summary>
    public static (double[] Kl, (int[] Ids, double[] Weights)?[] Labels) Rows(Tensor expert, Tensor amateur, int[] rows, double alpha, double beta, double epsilon)
    {
        var (wide, narrow) = ((int)expert.size(1), (int)amateur.size(1));
        nint first = Matmul.Address(expert), second = Matmul.Address(amateur);
        var kl = new double[rows.Length];
        var labels = new (int[], double[])?[rows.Length];
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (start, end) = team.Share(part, rows.Length, 1);
            for (var i = start; i < end; i++)
            {
                float* e = (float*)first + (long)rows[i] * wide, a = (float*)second + (long)rows[i] * narrow;
                Normaliser pe = Normalise(e, wide), pa = Normalise(a, narrow);
                var shared = Math.Min(wide, narrow);
                kl[i] = Divergence(e, pe, a, pa, shared, (float)epsilon);
                if (kl[i] >= beta)
                    labels[i] = Label(e, pe, a, pa, shared, alpha, epsilon);
            }
        });
        return (kl, labels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Normaliser Normalise(float* logits, int count)
    {
        var most = Vector512.Create(float.NegativeInfinity);
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
            most = Vector512.Max(most, Vector512.Load(logits + i));
        var shift = Largest.Of(most);
        for (var rest = i; rest < count; rest++)
            shift = MathF.Max(shift, logits[rest]);

        Vector512<float> sum = default;
        for (i = 0; i + Lanes <= count; i += Lanes)
            sum += Exponential.Of(Vector512.Load(logits + i) - Vector512.Create(shift));
        var total = Vector512.Sum(sum);
        for (; i < count; i++)
            total += MathF.Exp(logits[i] - shift);
        return new Normaliser(shift, 1 / total);
    }

    /// <summary>Σ (pE + ε)·(log(pE + ε) − log(pA + ε)), terms in float32, their sum in float64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Divergence(float* e, Normaliser pe, float* a, Normaliser pa, int count, float epsilon)
    {
        Vector512<double> sum = default;
        var smooth = Vector512.Create(epsilon);
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            var p = Exponential.Of(Vector512.Load(e + i) - Vector512.Create(pe.Shift)) * Vector512.Create(pe.Scale) + smooth;
            var q = Exponential.Of(Vector512.Load(a + i) - Vector512.Create(pa.Shift)) * Vector512.Create(pa.Scale) + smooth;
            var (low, high) = Vector512.Widen(p * (Vector512.Log(p) - Vector512.Log(q)));
            sum += low + high;
        }
        var total = Vector512.Sum(sum);
        for (; i < count; i++)
        {
            float p = pe.Probability(e[i]) + epsilon, q = pa.Probability(a[i]) + epsilon;
            total += p * (MathF.Log(p) - MathF.Log(q));
        }
        return (float)total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int[] Ids, double[] Weights) Label(float* e, Normaliser pe, float* a, Normaliser pa, int count, double alpha, double epsilon)
    {
        var most = float.NegativeInfinity;
        for (var i = 0; i < count; i++)
            most = MathF.Max(most, e[i]);
        var least = pe.Probability(most) * (float)alpha;
        var ids = new List<int>();
        var cutoff = alpha > 0 ? most + (float)Math.Log(alpha) - 1e-3f : float.NegativeInfinity; // a little low: the comparison below decides
        for (var i = 0; i < count; i++)
            if (e[i] >= cutoff && pe.Probability(e[i]) >= least)
                ids.Add(i);
        var advantages = ids.Select(i => MathF.Log(pe.Probability(e[i]) + (float)epsilon) - MathF.Log(pa.Probability(a[i]) + (float)epsilon)).ToArray();
        var largest = advantages.Max();
        var powers = Array.ConvertAll(advantages, advantage => MathF.Exp(advantage - largest));
        var sum = powers.Sum();
        return ([.. ids], Array.ConvertAll(powers, power => (double)(power / sum)));
    }
}
