using LightReasoner.Worker.Checkpoints;
using LightReasoner.Worker.Data;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Refinement;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace LightReasoner.Bench;

/// <summary>
/// The published programs' way of training, step by step: PyTorch's AdamW and clipping over all parameters, logits of every position.
/// </summary>
internal static class PublishedTraining
{
    /// <summary>
    /// The LoRA trainer: one forward pass a sample, padded to maxLength; one optimizer step after all of them. Returns the loss of each
    /// step, at the last real token.
    /// </summary>
    public static double[] FineTune(LoadedModel model, IReadOnlyList<ContrastiveSample> samples, double scaling, int maxLength, int padId,
        int steps, double learningRate)
    {
        using var all = NewDisposeScope();
        var decoder = new ReferenceDecoder(model.Model);
        var adapter = model.Model.Lora!.NamedParameters.ToDictionary(p => p.Name, p => new Parameter(p.Value.detach().clone()));
        using var optimizer = optim.AdamW(adapter.Values, learningRate, weight_decay: 0);
        var losses = new double[steps];
        for (var step = 0; step < steps; step++)
        {
            optimizer.zero_grad();
            foreach (var sample in samples)
            {
                using var scope = NewDisposeScope();
                int[] padded = [.. sample.PrefixIds!, .. Enumerable.Repeat(padId, maxLength - sample.PrefixIds!.Length)];
                var logits = decoder.Forward(PublishedPrograms.Batch([padded]), adapted: Adapted);
                var label = zeros([logits.size(-1)]).index_copy(0, tensor(sample.TokenIds.Select(id => (long)id).ToArray()),
                    tensor(sample.Weights.Select(w => (float)w).ToArray()));
                var log = logits[0, sample.PrefixIds.Length - 1].log_softmax(0);
                var loss = label.xlogy(label).sub(label.mul(log)).sum().div(Scalars.Of(samples.Count));
                loss.backward();
                losses[step] += loss.item<float>();
            }
            nn.utils.clip_grad_norm_(adapter.Values, 1);
            optimizer.step();
        }
        return losses;

        Tensor Adapted(string name, Tensor input, Tensor output) => adapter.TryGetValue($"base_model.model.{name}.lora_A.weight", out var a)
            ? output.add(input.matmul(a.t()).matmul(adapter[$"base_model.model.{name}.lora_B.weight"].t()).mul(tensor((float)scaling)))
            : output;
    }

    /// <summary>
    /// Iterative refinement: rows padded to maxLength, all passes in one graph, one backward pass. Returns the loss of every pass of each
    /// step.
    /// </summary>
    public static double[][] Refine(LoadedModel model, IReadOnlyList<RefineSequence> sequences, int eos, int padId, int maxLength,
        int passes, int steps, double learningRate, double weightDecay)
    {
        using var all = NewDisposeScope();
        var decoder = new ReferenceDecoder(model.Model);
        // The optimizer's parameters share their memory with the weights that the decoder reads.
        var weights = decoder.Weights.Values.Select(weight => weight.requires_grad_()).ToArray();
        var parameters = weights.Select(weight => new Parameter(weight.detach(), requires_grad: true)).ToArray();
        using var optimizer = optim.AdamW(parameters, learningRate, 0.9, 0.95, weight_decay: weightDecay);
        var clean = PublishedPrograms.Batch([.. sequences.Select(row =>
            (int[])[.. row.Ids, .. Enumerable.Repeat(padId, maxLength - row.Ids.Length)])]);
        var response = tensor(sequences.SelectMany(row => Enumerable.Range(0, maxLength)
            .Select(i => i >= row.ResponseStart && i < row.Ids.Length)).ToArray()).view(sequences.Count, -1);
        var targets = clean.narrow(1, 1, maxLength - 1);
        var counted = response.narrow(1, 1, maxLength - 1);
        var losses = new double[steps][];
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var ids = clean.where(response.logical_not(), full_like(clean, Scalars.Of(eos))); // all of the response is noise
            var total = zeros([]);
            losses[step] = new double[passes];
            for (var pass = 0; pass < passes; pass++)
            {
                var logits = decoder.Forward(ids);
                var each = nn.functional.cross_entropy(logits.narrow(1, 0, maxLength - 1).flatten(0, 1), targets.flatten(),
                    reduction: nn.Reduction.None);
                var loss = each.masked_select(counted.flatten()).mean();
                total = total.add(loss);
                losses[step][pass] = loss.item<float>();
                var predicted = cat([clean.narrow(1, 0, 1), logits.detach().argmax(-1).narrow(1, 0, maxLength - 1)], 1);
                ids = predicted.where(response, clean);
            }
            total.backward();
            foreach (var (parameter, weight) in parameters.Zip(weights))
                parameter.grad = weight.grad;
            nn.utils.clip_grad_norm_(parameters, 1);
            optimizer.step();
            foreach (var weight in weights)
                weight.grad = null;
        }
        return losses;
    }
}
