using TorchSharp;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Models;

public sealed partial class CausalLM
{
    /// <summary>A forward pass that keeps only the inputs of the layers; see <see cref="ActivationCheckpoints"/>.</summary>
    internal CheckpointedPass HiddenCheckpointed(Tensor ids)
    {
        var (batch, length, training) = ((int)ids.shape[0], (int)ids.shape[1], this.training);
        // Dropout must come out the same the second time, on whatever device it is drawn.
        var seed = randint(int.MaxValue, [1], dtype: ScalarType.Int64).item<long>();
        var sequences = ids.detach().DetachFromDisposeScope();
        var kept = new List<Tensor>();
        Tensor output;
        using (no_grad())
        using (NewDisposeScope())
        {
            var plan = Plan();
            var x = Embed();
            for (var i = 0; i < _layers.Length; i++)
            {
                kept.Add(x.DetachFromDisposeScope());
                x = Layer(i, x, plan);
            }
            output = x.DetachFromDisposeScope();
        }
        output.requires_grad_();
        Tensor hidden;
        using (NewDisposeScope())
            hidden = _finalNorm.Forward(output).view(batch, length, Config.HiddenSize).DetachFromDisposeScope();
        kept.Add(sequences);
        return new CheckpointedPass(kept, _layers.Length, output, hidden, (i, x) => Layer(i, x, Plan()), _embedding.requires_grad ? Embed : null);

        AttentionPlan Plan() => AttentionPlan.WithoutCache(Config, _rotary, batch, length, _compute, Device);

        Tensor Embed() => _embedding.index_select(0, sequences.view(-1)).In(_compute);

        Tensor Layer(int i, Tensor x, AttentionPlan plan)
        {
            if (training && Lora is { Enabled: true, Options.Dropout: > 0 })
                manual_seed(seed + i);
            return _layers[i].Forward(x, plan, training);
        }
    }
}
