using LightReasoner.Worker.Native;
using static TorchSharp.torch;

namespace LightReasoner.Worker.Generation;

/// <summary>A forward pass of batched decoding that was begun: for each of its rows one more token of an answer, which the host knows when <paramref name="Tokens"/> have arrived.</summary>
/// <param name="Feed">What was fed to the model for it.</param>
/// <param name="Prompts">Which prompt each row belongs to.</param>
/// <param name="Positions">Index of each row's token within its answer, from 0.</param>
/// <param name="Logits">What the tokens were chosen by, before any processing, [rows, vocab].</param>
/// <param name="Scores">The same after repetition penalty, temperature, top-k and top-p.</param>
/// <param name="Tokens">The chosen tokens.</param>
internal sealed record DecodeStep(Feed Feed, int[] Prompts, int[] Positions, Tensor Logits, Tensor Scores, HostCopy.Values<long> Tokens);

/// <summary>A forward pass over drafts that was begun.</summary>
/// <param name="Feed">What was fed to the model before the drafts.</param>
/// <param name="Prompts">Which prompt each row belongs to.</param>
/// <param name="Starts">Tokens that each row's slot held before.</param>
/// <param name="Logits">Before, between and behind the drafts' tokens, position by position, [(drafted + 1)·rows, vocab].</param>
/// <param name="Drafts">The drafts, [rows, drafted].</param>
/// <param name="Best">What the model says itself, in the order of the logits.</param>
internal sealed record DraftedStep(Feed Feed, int[] Prompts, int[] Starts, Tensor Logits, HostCopy.Values<long> Drafts, HostCopy.Values<long> Best);

/// <summary>Tokens that became part of answers.</summary>
/// <param name="Rows">Which row of the step's logits each was chosen by.</param>
/// <param name="Prompts">Which prompt each belongs to.</param>
/// <param name="Positions">Index of each within its answer, from 0.</param>
internal readonly record struct AnsweredTokens(int[] Rows, int[] Prompts, int[] Positions);
