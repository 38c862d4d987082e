using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

/// <summary>
/// Chooses the next token of every row from its logits. The order and meaning of the steps are those of Hugging Face's generate():
/// repetition penalty, then (when sampling) temperature, top-k, top-p. Each prompt draws from a stream of its own, so its answer does not
/// depend on the batch it is in.
/// </summary>
internal sealed class TokenSampler : IDisposable
{
    private static readonly Scalar s_true = true, s_false = false;

    private readonly GenerationSpec _spec;
    private readonly Tensor? _seen; // [prompts, vocab]: tokens that occurred, where a repetition penalty asks for it
    private readonly RandomStream[] _streams;

    /// <param name="prompts">Token ids of the prompts.</param>
    /// <param name="promptNumbers">A number for each prompt that, with the seed, determines what is drawn for it.</param>
    public TokenSampler(GenerationSpec spec, IReadOnlyList<int[]> prompts, IEnumerable<int> promptNumbers, int vocabulary, Device device)
    {
        _spec = spec;
        _streams = [.. promptNumbers.Select(number => new RandomStream(spec.Seed, number))];
        if (spec.RepetitionPenalty == 1)
            return;
        using var scope = NewDisposeScope();
        _seen = zeros([prompts.Count, vocabulary], dtype: ScalarType.Bool, device: device);
        for (var row = 0; row < prompts.Count; row++)
            _seen[row].index_fill_(0, prompts[row].ToDevice(device), s_true);
        _seen.DetachFromDisposeScope();
    }

    /// <summary>One token for each row: [rows], int64, where the logits lie; -1 where a row's logits are not finite.</summary>
    /// <param name="logits">[rows, vocab].</param>
    /// <param name="prompts">Which prompt each row belongs to.</param>
    public Tensor Choose(Tensor logits, int[] prompts)
    {
        var scores = Scores(logits, prompts);
        var (best, argmax) = scores.max(-1); // NaN wins
        var chosen = _spec.Temperature > 0 ? Draw(scores, prompts) : argmax;
        _seen?.view(-1).index_fill_(0, prompts.ToDevice(scores.device).mul(Scalars.Of(_seen.size(1))).add(chosen, Scalars.One), s_true);
        return chosen.masked_fill(best.isfinite().logical_not(), Scalars.MinusOne);
    }

    /// <summary>What tokens are chosen by: the logits after the processors, [rows, vocab].</summary>
    public Tensor Scores(Tensor logits, int[] prompts)
    {
        var scores = logits;
        if (_seen is not null)
        {
            scores = scores.to(ScalarType.Float32);
            var penalised = where(scores.lt(Scalars.Of(0)), scores.mul(Scalars.Of(_spec.RepetitionPenalty)),
                scores.div(Scalars.Of(_spec.RepetitionPenalty)));
            scores = where(_seen.index_select(0, prompts.ToDevice(logits.device)), penalised, scores);
        }
        if (_spec.Temperature == 0)
            return scores;
        // Divided after the maximum is taken away, and by no denormal number: else the quotients are infinite and their softmax is NaN.
        scores = scores.to(ScalarType.Float32);
        scores = scores.sub(scores.amax([-1], keepdim: true)).div(Scalars.Of(Math.Max(_spec.Temperature, 1e-30)));
        return KeepTopP(KeepTopK(scores));
    }

    public void Dispose() => _seen?.Dispose();

    /// <summary>Inverse of the distribution function at one uniform number for each row.</summary>
    private Tensor Draw(Tensor scores, int[] prompts)
    {
        var uniform = new double[prompts.Length];
        for (var row = 0; row < prompts.Length; row++)
            uniform[row] = _streams[prompts[row]].NextDouble();
        var cumulative = scores.to(ScalarType.Float64).softmax(-1).cumsum(-1);
        var total = cumulative.narrow(1, cumulative.size(1) - 1, 1);
        var target = uniform.ToDevice(scores.device).view(-1, 1).mul(total);
        // tokens of probability 0 are never hit: their step has no width
        return cumulative.le(target).sum(-1).clamp_max(Scalars.Of(cumulative.size(1) - 1));
    }

    private Tensor KeepTopK(Tensor scores)
    {
        if (_spec.TopK == 0 || _spec.TopK >= scores.size(-1))
            return scores;
        var (best, _) = scores.topk(_spec.TopK, -1);
        return scores.masked_fill(scores.lt(best.narrow(-1, _spec.TopK - 1, 1)), Scalars.NegativeInfinity);
    }

    private Tensor KeepTopP(Tensor scores)
    {
        if (_spec.TopP >= 1)
            return scores;
        var (ascending, order) = scores.sort(-1, descending: false, stable: true);
        var removed = ascending.softmax(-1).cumsum(-1).le(Scalars.Of(1 - _spec.TopP));
        removed.narrow(-1, removed.size(-1) - 1, 1).fill_(s_false); // the best token stays
        return scores.masked_fill(removed.scatter(-1, order, removed), Scalars.NegativeInfinity);
    }
}
