using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// AdamW's update of one float32 parameter in one pass over memory, on the CPU. As separate operators it is nine, and the optimizer of a model that is trained in
/// full is bound by nothing else. The arithmetic and its order are those of the separate operators.
/// </summary>
internal static unsafe class FusedAdamW
{
    private const long Chunk = 1 << 18;

    /// <param name="Decay">What the parameter is multiplied by.</param>
    /// <param name="Beta1">Of the average; likewise <paramref name="Beta2"/>.</param>
    /// <param name="Beta2">Of the average of squares.</param>
    /// <param name="RootCorrection">√(1 − beta2^step).</param>
    /// <param name="Epsilon">Added to the denominator.</param>
    /// <param name="StepSize">−learning rate / (1 − beta1^step).</param>
    public readonly record struct Factors(double Decay, double Beta1, double Beta2, double RootCorrection, double Epsilon, double StepSize);

    public static bool Supports(Tensor tensor) =>
        tensor.dtype == ScalarType.Float32 && tensor.device_type == DeviceType.CPU && tensor.is_contiguous() && tensor.numel() * sizeof(float) <= int.MaxValue;

    public static void Update(Tensor parameter, Tensor gradient, Tensor average, Tensor squares, Factors factors)
    {
        float* p = Address(parameter), g = Address(gradient), m = Address(average), v = Address(squares);
        long count = parameter.numel();
        long chunks = (count + Chunk - 1) / Chunk;
        if (chunks == 1)
        {
            Part(p, g, m, v, count, factors);
        }
        else
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() };
            Parallel.For(0L, chunks, options, chunk =>
            {
                long start = chunk * Chunk;
                Part(p + start, g + start, m + start, v + start, Math.Min(Chunk, count - start), factors);
            });
        }
    }

    private static float* Address(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    private static void Part(float* p, float* g, float* m, float* v, long count, Factors factors)
    {
        float decay = (float)factors.Decay, beta1 = (float)factors.Beta1, rest1 = (float)(1 - factors.Beta1), beta2 = (float)factors.Beta2, rest2 = (float)(1 - factors.Beta2);
        float root = (float)factors.RootCorrection, epsilon = (float)factors.Epsilon, size = (float)factors.StepSize;
        long i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            var gradient = Vector.Load(g + i);
            var average = (Vector.Load(m + i) * beta1) + (gradient * rest1);
            var square = (Vector.Load(v + i) * beta2) + (gradient * gradient * rest2);
            Vector.Store(average, m + i);
            Vector.Store(square, v + i);
            var denominator = (Vector.SquareRoot(square) / new Vector<float>(root)) + new Vector<float>(epsilon);
            Vector.Store((Vector.Load(p + i) * decay) + (average / denominator * size), p + i);
        }

        for (; i < count; i++)
        {
            m[i] = (m[i] * beta1) + (g[i] * rest1);
            v[i] = (v[i] * beta2) + (g[i] * g[i] * rest2);
            p[i] = (p[i] * decay) + (m[i] / ((MathF.Sqrt(v[i]) / root) + epsilon) * size);
        }
    }
}
