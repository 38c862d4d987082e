"""The published refinement step: every pass reads the whole sequence, the loss is a masked cross entropy over every position's logits."""
import torch
from torch.nn import functional as F


def train(model, sequences, prompt_length, eos, iterations, learning_rate, steps):
    """sequences: clean rows of one length, whose responses are wholly noised at first. Returns the losses of each pass, by step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    model.train()
    clean = torch.tensor(sequences)
    labels = clean.clone()
    labels[:, :prompt_length] = -100
    losses = []
    for _ in range(steps):
        noised = clean.clone()
        noised[:, prompt_length:] = eos
        values = []
        for iteration in range(iterations):
            logits = model(noised, attention_mask=torch.ones_like(noised)).float()
            shifted = logits[..., :-1, :].contiguous()
            loss = F.cross_entropy(shifted.view(-1, shifted.shape[-1]), labels[..., 1:].contiguous().view(-1), ignore_index=-100)
            loss.backward()
            values.append(loss.item())
            if iteration + 1 < iterations:
                with torch.no_grad():
                    predicted = torch.argmax(logits, dim=-1)
                    noised = torch.cat([clean[:, :prompt_length], predicted[:, prompt_length - 1: -1]], dim=1)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(values)
    return losses
