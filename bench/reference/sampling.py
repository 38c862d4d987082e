"""The published sampling script: one question at a time; the expert generates with a cache and keeps its scores, then the amateur reads
every prefix anew."""
import torch

from generation import greedy


@torch.no_grad()
def sample(expert, amateur, prompts, max_new_tokens, alpha, beta):
    samples = []
    for number, prompt in enumerate(prompts):
        input_ids = torch.tensor([prompt])
        output, scores = greedy(expert, input_ids, max_new_tokens, keep_scores=True)
        generated = output[0, len(prompt):]
        for step in range(1, len(generated)):
            expert_probs = torch.softmax(scores[step], dim=-1)
            prefix = torch.cat([input_ids, generated[None, :step]], dim=-1)
            amateur_probs = torch.softmax(amateur(prefix, attention_mask=torch.ones_like(prefix))[:, -1, :].float(), dim=-1)
            label = contrast(expert_probs[0], amateur_probs[0], alpha, beta)
            if label is not None:
                kl, token_ids, weights = label
                samples.append({"prompt": number, "step": step, "token_ids": token_ids, "weights": weights, "kl": kl})
    return samples


def contrast(expert, amateur, alpha, beta, epsilon=1e-12):
    size = min(expert.shape[-1], amateur.shape[-1])
    expert, amateur = expert[:size], amateur[:size]
    kl = torch.sum((expert + epsilon) * (torch.log(expert + epsilon) - torch.log(amateur + epsilon))).item()
    if kl < beta:
        return None
    mask = expert >= alpha * expert.max()
    ratio = torch.log(expert[mask] + epsilon) - torch.log(amateur[mask] + epsilon)
    return kl, torch.nonzero(mask).flatten().tolist(), torch.softmax(ratio, dim=-1).tolist()
