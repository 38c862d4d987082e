"""A Qwen2 decoder written the way Hugging Face's eager implementation computes: one matrix product per projection, rotations from
angles made anew in every pass, keys repeated for every query head, softmax in float32, a cache that grows by concatenation."""
import json
import math
import os

import numpy
import torch
from torch import nn
from torch.nn import functional as F


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x):
        dtype = x.dtype
        x = x.to(torch.float32)
        x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * x.to(dtype)


class RotaryEmbedding(nn.Module):
    def __init__(self, dim, theta):
        super().__init__()
        self.register_buffer("inv_freq", 1.0 / (theta ** (torch.arange(0, dim, 2, dtype=torch.int64).float() / dim)), persistent=False)

    @torch.no_grad()
    def forward(self, x, position_ids):
        inv_freq = self.inv_freq[None, :, None].float().expand(position_ids.shape[0], -1, 1)
        freqs = (inv_freq @ position_ids[:, None, :].float()).transpose(1, 2)
        emb = torch.cat((freqs, freqs), dim=-1)
        return emb.cos().to(x.dtype), emb.sin().to(x.dtype)


def rotate_half(x):
    return torch.cat((-x[..., x.shape[-1] // 2:], x[..., : x.shape[-1] // 2]), dim=-1)


def repeat_kv(x, n):
    batch, heads, length, dim = x.shape
    return x if n == 1 else x[:, :, None].expand(batch, heads, n, length, dim).reshape(batch, heads * n, length, dim)


class Cache:
    def __init__(self):
        self.keys, self.values = [], []

    def length(self):
        return self.keys[0].shape[-2] if self.keys else 0

    def update(self, layer, keys, values):
        if layer == len(self.keys):
            self.keys.append(keys)
            self.values.append(values)
        else:
            self.keys[layer] = torch.cat([self.keys[layer], keys], dim=-2)
            self.values[layer] = torch.cat([self.values[layer], values], dim=-2)
        return self.keys[layer], self.values[layer]


class Attention(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.dim = config["hidden_size"] // self.heads
        hidden = config["hidden_size"]
        self.q_proj = nn.Linear(hidden, self.heads * self.dim, bias=True)
        self.k_proj = nn.Linear(hidden, self.kv_heads * self.dim, bias=True)
        self.v_proj = nn.Linear(hidden, self.kv_heads * self.dim, bias=True)
        self.o_proj = nn.Linear(self.heads * self.dim, hidden, bias=False)

    def forward(self, x, mask, cos, sin, cache):
        batch, length, _ = x.shape
        q = self.q_proj(x).view(batch, length, self.heads, self.dim).transpose(1, 2)
        k = self.k_proj(x).view(batch, length, self.kv_heads, self.dim).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, self.kv_heads, self.dim).transpose(1, 2)
        cos, sin = cos.unsqueeze(1), sin.unsqueeze(1)
        q = (q * cos) + (rotate_half(q) * sin)
        k = (k * cos) + (rotate_half(k) * sin)
        if cache is not None:
            k, v = cache.update(self.layer, k, v)
        groups = self.heads // self.kv_heads
        k, v = repeat_kv(k, groups), repeat_kv(v, groups)
        weights = torch.matmul(q, k.transpose(2, 3)) * (1 / math.sqrt(self.dim))
        if mask is not None:
            weights = weights + mask[:, :, :, : k.shape[-2]]
        weights = F.softmax(weights, dim=-1, dtype=torch.float32).to(q.dtype)
        out = torch.matmul(weights, v).transpose(1, 2).contiguous().reshape(batch, length, -1)
        return self.o_proj(out)


class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = nn.Linear(hidden, inner, bias=False)
        self.up_proj = nn.Linear(hidden, inner, bias=False)
        self.down_proj = nn.Linear(inner, hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.self_attn = Attention(config, layer)
        self.mlp = MLP(config)
        self.input_layernorm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        self.post_attention_layernorm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])

    def forward(self, x, mask, cos, sin, cache):
        x = x + self.self_attn(self.input_layernorm(x), mask, cos, sin, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(Layer(config, i) for i in range(config["num_hidden_layers"]))
        self.norm = RMSNorm(config["hidden_size"], config["rms_norm_eps"])
        self.rotary_emb = RotaryEmbedding(config["hidden_size"] // config["num_attention_heads"], config["rope_theta"])


class Qwen2ForCausalLM(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.model = Model(config)
        self.lm_head = nn.Linear(config["hidden_size"], config["vocab_size"], bias=False)
        if config["tie_word_embeddings"]:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, input_ids, attention_mask=None, cache=None, last_only=False):
        """Logits [batch, length, vocab]; of the last position only where generate() asks for no more."""
        batch, length = input_ids.shape
        past = cache.length() if cache is not None else 0
        position_ids = torch.arange(past, past + length).unsqueeze(0)
        x = self.model.embed_tokens(input_ids)
        mask = causal_mask(attention_mask, length, past, x.dtype)
        cos, sin = self.model.rotary_emb(x, position_ids)
        for layer in self.model.layers:
            x = layer(x, mask, cos, sin, cache)
        x = self.model.norm(x)
        return self.lm_head(x[:, -1:] if last_only else x)

    @staticmethod
    def from_folder(folder):
        with open(os.path.join(folder, "config.json")) as file:
            config = json.load(file)
        model = Qwen2ForCausalLM(config)
        weights = read_safetensors(os.path.join(folder, "model.safetensors"))
        missing, unexpected = model.load_state_dict(weights, strict=False)
        assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
        return model.eval()


def causal_mask(attention_mask, length, past, dtype):
    if length == 1 and attention_mask is None:
        return None
    lowest = torch.finfo(dtype).min
    mask = torch.full((length, past + length), lowest, dtype=dtype)
    mask = torch.triu(mask, diagonal=past + 1)[None, None]
    if attention_mask is not None:
        mask = mask.expand(attention_mask.shape[0], 1, -1, -1).clone()
        mask = mask.masked_fill((attention_mask[:, None, None, :] == 0), lowest)
    return mask


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            tensors[name] = torch.from_numpy(numpy.frombuffer(data[start:end], dtype=numpy.float32).copy()).view(entry["shape"])
    return tensors
