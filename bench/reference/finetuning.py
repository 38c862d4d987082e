"""The published fine-tuning: every sample is a sequence of its own, a batch is padded on the right, the head runs over every position.
The loss is read at each sample's last real token (the published program reads the last padded one; a measurement against that would compare different losses)."""
import json
import os

import torch
from torch import nn
from torch.nn import functional as F

from decoder import read_safetensors


class LoraLinear(nn.Module):
    def __init__(self, base, a, b, scaling):
        super().__init__()
        self.base = base
        self.lora_A, self.lora_B = nn.Parameter(a), nn.Parameter(b)
        self.scaling = scaling

    def forward(self, x):
        result = self.base(x)
        return result + F.linear(F.linear(x, self.lora_A), self.lora_B) * self.scaling


def add_adapter(model, folder):
    """Lays a PEFT adapter over the model and returns what it trains."""
    with open(os.path.join(folder, "adapter_config.json")) as file:
        config = json.load(file)
    tensors = read_safetensors(os.path.join(folder, "adapter_model.safetensors"))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    trained = []
    for name in [key[: -len(".lora_A.weight")] for key in tensors if key.endswith(".lora_A.weight")]:
        path = name[len("base_model.model."):].split(".")
        parent = model.get_submodule(".".join(path[:-1]))
        layer = LoraLinear(getattr(parent, path[-1]), tensors[name + ".lora_A.weight"], tensors[name + ".lora_B.weight"],
                           config["lora_alpha"] / config["r"])
        setattr(parent, path[-1], layer)
        trained += [layer.lora_A, layer.lora_B]
    return trained


def train(model, trained, steps, batch_size, learning_rate, pad):
    """steps: a list of samples for each optimizer step. Returns the losses."""
    optimizer = torch.optim.AdamW(trained, lr=learning_rate, betas=(0.9, 0.999), weight_decay=0)
    model.train()
    losses = []
    for samples in steps:
        total = 0.0
        for start in range(0, len(samples), batch_size):
            batch = samples[start: start + batch_size]
            longest = max(len(sample["prefix_ids"]) for sample in batch)
            input_ids = torch.full((len(batch), longest), pad)
            attention_mask = torch.zeros((len(batch), longest), dtype=torch.int64)
            for row, sample in enumerate(batch):
                input_ids[row, : len(sample["prefix_ids"])] = torch.tensor(sample["prefix_ids"])
                attention_mask[row, : len(sample["prefix_ids"])] = 1
            logits = model(input_ids, attention_mask=attention_mask)
            last = logits[torch.arange(len(batch)), attention_mask.sum(-1) - 1]
            log_probs = F.log_softmax(last.float(), dim=-1)
            loss = torch.zeros(())
            for row, sample in enumerate(batch):
                weights = torch.tensor(sample["weights"])
                loss = loss + torch.sum(weights * (torch.log(weights) - log_probs[row, torch.tensor(sample["token_ids"])]))
            (loss / len(samples)).backward()
            total += loss.item() / len(samples)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses
