using LightReasoner.Api;
using LightReasoner.Worker.Generation;
using LightReasoner.Worker.Models;
using LightReasoner.Worker.Native;
using LightReasoner.Worker.Tokenization;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Sampling;

/// <summary>
/// With compatibility: published, the amateur reads the expert's text encoded anew at every step, as the published script has it. Where that gives the tokens
/// that the expert generated, the cached pass stands; else the amateur reads the whole new sequence.
/// </summary>
internal sealed class ReencodedPrefixes(CausalLM amateur, Tokenizer tokenizer, PromptSpec prompt, IReadOnlyList<string> texts, IReadOnlyList<int[]> prompts)
{
    /// <summary>Corrects the rows of a step that read other tokens.</summary>
    /// <param name="hidden">The amateur's hidden states for the step's rows, [rows, hidden].</param>
    /// <param name="step">The step; its tokens are not needed.</param>
    /// <param name="answer">The tokens generated for a prompt, at least those before the step.</param>
    public Tensor Correct(Tensor hidden, DecodeStep step, Func<int, IReadOnlyList<int>> answer)
    {
        for (var row = 0; row < step.Prompts.Length; row++)
        {
            var number = step.Prompts[row];
            var generated = answer(number).Take(step.Positions[row]).ToArray();
            var ids = PromptFormat.EncodeText(tokenizer, prompt, texts[number] + tokenizer.Decode(generated));
            if (ids.AsSpan().SequenceEqual([.. prompts[number], .. generated]))
                continue;
            var read = amateur.Hidden(ids.ToDevice(hidden.device).view(1, -1));
            hidden = hidden.index_copy(0, ((long[])[row]).ToDevice(hidden.device), read.view(-1, read.size(-1)).narrow(0, ids.Length - 1, 1));
        }
        return hidden;
    }
}
