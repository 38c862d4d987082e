"""Greedy decoding as generate() does it, and the published block generation, which keeps no cache."""
import torch

from decoder import Cache


@torch.no_grad()
def greedy(model, input_ids, max_new_tokens, keep_scores=False):
    """input_ids [batch, length], no padding and no end token. With keep_scores also the logits of every step."""
    cache, scores, step_ids = Cache(), [], input_ids
    for _ in range(max_new_tokens):
        logits = model(step_ids, cache=cache, last_only=True)[:, -1, :].clone().float()
        if keep_scores:
            scores.append(logits)
        step_ids = torch.argmax(logits, dim=-1)[:, None]
        input_ids = torch.cat([input_ids, step_ids], dim=-1)
    return input_ids, scores


@torch.no_grad()
def blocks(model, input_ids, block_length, refine_iterations, max_new_tokens, eos):
    """Appends end tokens, predicts all of them in one forward pass over everything, refines, goes on with the next block."""
    prompt_length = input_ids.shape[1]
    while input_ids.shape[1] - prompt_length < max_new_tokens:
        final = input_ids.shape[1]
        input_ids = torch.cat([input_ids, torch.full((input_ids.shape[0], block_length - 1), eos)], dim=1)
        for _ in range(refine_iterations):
            predicted = torch.argmax(model(input_ids), dim=-1)
            block = predicted[:, final - 1:]
            input_ids = torch.cat([input_ids[:, :final], block[:, :-1]], dim=1)
        input_ids = torch.cat([input_ids[:, :final], block], dim=1)
    return input_ids[:, prompt_length: prompt_length + max_new_tokens]
