using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Rotary position embedding in the half-split form: channel i is rotated with channel i + headDim/2, so that a rotation is x·cos + roll(x,
/// headDim/2)·sin with sines that are negative in the first half.
/// </summary>
internal sealed class RotaryEmbedding(DecoderConfig config, ScalarType type, Device device) : IDisposable
{
    private readonly float[] _inverseFrequencies = InverseFrequencies(config);
    private Tensor? _table; // [positions, 2, 1, headDim]: cosines and signed sines
    private Tensor? _identity; // [1, 2, 1, headDim]: what leaves a head as it is

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

    /// <summary>
    /// Cosines and sines for the query, key and value heads of some tokens, each [tokens, heads + 2·kvHeads, headDim]. Those of the values
    /// are the identity, so that a layer rotates what its projection gave as a whole.
    /// </summary>
    /// <param name="positions">The tokens' positions, [tokens].</param>
    /// <param name="repeat">How often the positions follow one another.</param>
    public (Tensor Cos, Tensor Sin) CosSin(Tensor positions, int bound, int repeat = 1)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (tokens, rotated) = (positions.size(0), config.NumHeads + config.NumKvHeads);
        var rotations = cat([
            Table(bound).index_select(0, positions).expand(tokens, 2, rotated, config.HeadDim),
            _identity!.expand(tokens, 2, config.NumKvHeads, config.HeadDim)], 2);
        if (repeat > 1)
            rotations = rotations.repeat(repeat, 1, 1, 1);
        var both = rotations.unbind(1);
        return (both[0].MoveToOuterDisposeScope(), both[1].MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        _table?.Dispose();
        _identity?.Dispose();
    }

    private Tensor Table(int positions)
    {
        if (_table is not null && positions <= _table.size(0))
            return _table;
        positions = Math.Max(positions, Math.Max(256, 2 * (int)(_table?.size(0) ?? 0)));
        Dispose();
        var (dim, half) = (config.HeadDim, config.HeadDim / 2);
        var identity = new float[2 * dim];
        identity.AsSpan(0, dim).Fill(1);
        var values = new float[2L * positions * dim];
        for (var position = 0; position < positions; position++)
        {
            for (var i = 0; i < half; i++)
            {
                // The angle is rounded to float32 as in the published code, since models are trained with it.
                var (sin, cos) = Math.SinCos(position * _inverseFrequencies[i]);
                var at = 2L * position * dim + i;
                values[at] = values[at + half] = (float)cos;
                values[at + dim] = (float)-sin;
                values[at + dim + half] = (float)sin;
            }
        }
        _identity = tensor(identity, [1, 2, 1, dim]).to(type).to(device).DetachFromDisposeScope();
        _table = tensor(values, [positions, 2, 1, dim]).to(type).to(device).DetachFromDisposeScope();
        return _table;
    }
}
