using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Native;

/// <summary>Cross entropy over a vocabulary and its gradient, in place over float32 logits on the CPU: three passes over a row that stays in the cache.</summary>
internal static unsafe class SoftmaxGradient
{
    private const int Lanes = 16;

    public static bool Supports(Tensor logits) => RowOperators.IsPlain(logits);

    /// <summary>logits → (softmax − one-hot(target))·scale.</summary>
    /// <returns>Σ −log p(target), and the likeliest token of each row, the first of equals.</returns>
    public static (double Loss, Tensor Predicted) InPlace(Tensor logits, Tensor targets, double scale)
    {
        var (rows, vocabulary) = ((int)logits.shape[0], (int)logits.shape[1]);
        var wanted = targets.data<long>().ToArray();
        var predicted = new long[rows];
        var losses = new double[rows];
        var address = Matmul.Address(logits);
        var team = ThreadTeam.Shared;
        team.Run(part =>
        {
            var (start, end) = team.Share(part, rows, 1);
            for (var row = start; row < end; row++)
                losses[row] = Row((float*)address + (long)row * vocabulary, vocabulary, (int)wanted[row], (float)scale, out predicted[row]);
        });
        return (losses.Sum(), tensor(predicted));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Row(float* logits, int count, int target, float scale, out long best)
    {
        var most = Vector512.Create(float.NegativeInfinity);
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
            most = Vector512.Max(most, Vector512.Load(logits + i));
        var largest = Largest.Of(most);
        for (; i < count; i++)
            largest = MathF.Max(largest, logits[i]);
        best = new ReadOnlySpan<float>(logits, count).IndexOf(largest);

        var shift = Vector512.Create(largest);
        Vector512<float> sum = default;
        var wanted = logits[target];
        for (i = 0; i + Lanes <= count; i += Lanes)
        {
            var power = Exponential.Of(Vector512.Load(logits + i) - shift);
            Vector512.Store(power, logits + i);
            sum += power;
        }
        var total = Vector512.Sum(sum);
        for (; i < count; i++)
            total += logits[i] = MathF.Exp(logits[i] - largest);

        var factor = scale / total;
        for (i = 0; i + Lanes <= count; i += Lanes)
            Vector512.Store(Vector512.Load(logits + i) * Vector512.Create(factor), logits + i);
        for (; i < count; i++)
            logits[i] *= factor;
        logits[target] -= scale;
        return Math.Log(total) + largest - wanted;
    }
}
