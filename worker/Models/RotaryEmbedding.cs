using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Rotary position embedding in the half-split form: channel i is rotated with channel i + headDim/2. Holds tables of cosines and of
/// signed sines (negative in the first half), so that a rotation is x·cos + roll(x, headDim/2)·sin.
/// </summary>
internal sealed class RotaryEmbedding : IDisposable
{
    private readonly DecoderConfig _config;
    private readonly ScalarType _type;
    private readonly Device _device;
    private readonly float[] _inverseFrequencies;
    private Tensor? _tables; // [4, positions, headDim]: cos and sin for queries (times the attention scale), cos and sin for keys
    private int _positions;

    public RotaryEmbedding(DecoderConfig config, ScalarType type, Device device)
    {
        _config = config;
        _type = type;
        _device = device;
        _inverseFrequencies = InverseFrequencies(config);
    }

    public static float[] InverseFrequencies(DecoderConfig config)
    {
        var frequencies = new float[config.HeadDim / 2];
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = Math.Pow(config.RopeTheta, -2.0 * i / config.HeadDim);
            frequencies[i] = (float)(config.RopeScaling?.Scale(frequency) ?? frequency);
        }
        return frequencies;
    }

    /// <summary>The tables for at least the given number of positions: [4, positions, headDim].</summary>
    public Tensor Tables(int positions)
    {
        if (positions <= _positions)
            return _tables!;
        _tables?.Dispose();
        _positions = Math.Max(positions, Math.Min(_config.MaxPositionEmbeddings, Math.Max(256, 2 * _positions)));
        _tables = Build(_positions);
        return _tables;
    }

    public void Dispose() => _tables?.Dispose();

    /// <param name="x">[batch, heads, length, headDim], any strides.</param>
    /// <param name="cos">Broadcastable to x; likewise <paramref name="sin"/>.</param>
    /// <param name="sin">Signed sines.</param>
    /// <returns>The rotated heads, contiguous as [batch, heads, length, headDim].</returns>
    public static Tensor Rotate(Tensor x, Tensor cos, Tensor sin)
    {
        var rolled = x.roll(x.shape[^1] / 2, -1);
        return rolled.mul(sin).addcmul(x, cos, 1);
    }

    private Tensor Build(int positions)
    {
        var (dim, half) = (_config.HeadDim, _config.HeadDim / 2);
        var scale = 1 / Math.Sqrt(dim);
        var values = new float[4L * positions * dim];
        var table = positions * dim;
        for (var position = 0; position < positions; position++)
            for (var i = 0; i < half; i++)
            {
                // The angle is rounded to float32 as in the published code, since models are trained with it.
                var angle = (float)position * _inverseFrequencies[i];
                var (sin, cos) = Math.SinCos(angle);
                var at = position * dim + i;
                values[at] = values[at + half] = (float)(cos * scale);
                values[table + at] = (float)(-sin * scale);
                values[table + at + half] = (float)(sin * scale);
                values[2 * table + at] = values[2 * table + at + half] = (float)cos;
                values[3 * table + at] = (float)-sin;
                values[3 * table + at + half] = (float)sin;
            }
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        return tensor(values, [4, positions, dim]).to(_type).to(_device).DetachFromDisposeScope();
    }
}
