using LightReasoner.Api;
using LightReasoner.Worker.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>
/// Chooses the next token of every row from its logits. The order and meaning of the steps are those of Hugging Face's generate():
/// repetition penalty, then (when sampling) temperature, top-k, top-p. Each prompt draws from a stream of its own, so its answer does not depend on
/// the batch it is in.
/// </summary>
internal sealed class TokenChoice : IDisposable
{
    private readonly GenerationSpec _spec;
    private readonly Tensor? _seen; // [prompts, vocab]: tokens that occurred, where a repetition penalty asks for it
    private readonly RandomStream[] _streams;

    public TokenChoice(GenerationSpec spec, IReadOnlyList<int[]> prompts, IReadOnlyList<int> promptNumbers, int vocabulary, Device device)
    {
        _spec = spec;
        _streams = [.. promptNumbers.Select(number => new RandomStream(spec.Seed, number))];
        if (spec.RepetitionPenalty == 1)
            return;
        using var scope = NewDisposeScope();
        _seen = zeros([prompts.Count, vocabulary], dtype: ScalarType.Bool, device: device);
        for (var row = 0; row < prompts.Count; row++)
            _seen[row].index_fill_(0, prompts[row].ToDevice(device), true);
        _seen.DetachFromDisposeScope();
    }

    /// <summary>The scores that a token is chosen by: the logits after the processors.</summary>
    /// <param name="logits">[rows, vocab].</param>
    /// <param name="prompts">Which prompt each row belongs to.</param>
    public Tensor Scores(Tensor logits, int[] prompts)
    {
        var scores = logits;
        if (_seen is not null)
        {
            scores = scores.to(ScalarType.Float32);
            var penalised = where(scores.lt(0), scores.mul(_spec.RepetitionPenalty), scores.div(_spec.RepetitionPenalty));
            scores = where(_seen.index_select(0, prompts.ToDevice(logits.device)), penalised, scores);
        }
        if (_spec.Temperature > 0)
            scores = KeepTopP(KeepTopK(scores.to(ScalarType.Float32).div(_spec.Temperature)));
        return scores;
    }

    /// <summary>One token for each row: [rows], int64, where the scores lie.</summary>
    public Tensor Choose(Tensor scores, int[] prompts)
    {
        if (_spec.Temperature == 0 && _seen is null)
            return Argmax.OfRows(scores);
        var chosen = _spec.Temperature > 0 ? Draw(scores, prompts) : scores.argmax(-1);
        if (_seen is not null)
            _seen.view(-1).index_fill_(0, prompts.ToDevice(scores.device).mul(_seen.size(1)).add(chosen), true);
        return chosen;
    }

    public void Dispose() => _seen?.Dispose();

    /// <summary>Inverse of the distribution function at one uniform number for each row.</summary>
    private Tensor Draw(Tensor scores, int[] prompts)
    {
        var uniform = new double[prompts.Length];
        for (var row = 0; row < prompts.Length; row++)
            uniform[row] = _streams[prompts[row]].NextDouble();
        var cumulative = scores.softmax(-1, ScalarType.Float64).cumsum(-1);
        var total = cumulative.narrow(1, cumulative.size(1) - 1, 1);
        var target = uniform.ToDevice(scores.device).view(-1, 1).mul(total);
        return cumulative.le(target).sum(-1).clamp_max(cumulative.size(1) - 1); // tokens of probability 0 are never hit: their step has no width
    }

    private Tensor KeepTopK(Tensor scores)
    {
        if (_spec.TopK == 0 || _spec.TopK >= scores.size(-1))
            return scores;
        var (best, _) = scores.topk(_spec.TopK, -1);
        return scores.masked_fill(scores.lt(best.narrow(-1, _spec.TopK - 1, 1)), double.NegativeInfinity);
    }

    private Tensor KeepTopP(Tensor scores)
    {
        if (_spec.TopP >= 1)
            return scores;
        var (ascending, order) = scores.sort(-1, descending: false, stable: true);
        var removed = ascending.softmax(-1).cumsum(-1).le(1 - _spec.TopP);
        removed.narrow(-1, removed.size(-1) - 1, 1).fill_(false); // the best token stays
        return scores.masked_fill(removed.scatter(-1, order, removed), double.NegativeInfinity);
    }
}
