#!/usr/bin/env python3
"""The twin of examples/char-gpt.ts: the same model, data, seed and training, so the same losses.

    /usr/bin/python3 test/twins/char_gpt.py --root ../shared/data --steps 20
"""
import argparse
import math
import os
import time

import torch
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
for name, default in dict(layers=6, heads=6, channels=192, context=128, batch=16, steps=2000, seed=1337).items():
    parser.add_argument(f"--{name}", type=int, default=default)
for name, default in dict(log_every=10, eval_every=250, threads=0).items():
    parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
parser.add_argument("--root", default="data")
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--bias", action="store_true")
o = parser.parse_args()

if o.threads:
    torch.set_num_threads(o.threads)
torch.manual_seed(o.seed)

text = open(os.path.join(o.root, "text", "tinyshakespeare_input.txt")).read()
letters = sorted(set(text))
number_of = {letter: i for i, letter in enumerate(letters)}
data = torch.tensor([number_of[letter] for letter in text])
split = int(0.9 * data.numel())
train_data, val_data = data[:split], data[split:]
offsets = torch.arange(o.context)


def pieces_at(start, source):
    at = start[:, None] + offsets
    return source[at], source[at + 1]


class LayerNorm(nn.Module):
    """PyTorch 1.13's has no `bias` option."""

    def __init__(self, n, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias)


class CausalSelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = nn.Linear(o.channels, 3 * o.channels, bias=o.bias)
        self.c_proj = nn.Linear(o.channels, o.channels, bias=o.bias)
        self.resid_dropout = nn.Dropout(o.dropout)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, o.heads, C // o.heads).transpose(1, 2) for t in self.c_attn(x).split(C, 2))
        scores = (q / math.sqrt(C // o.heads)) @ k.transpose(-2, -1)
        scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), -math.inf)
        weights = F.dropout(F.softmax(scores, -1), o.dropout, self.training)
        return self.resid_dropout(self.c_proj((weights @ v).transpose(1, 2).contiguous().view(B, T, C)))


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = nn.Linear(o.channels, 4 * o.channels, bias=o.bias)
        self.gelu = nn.GELU()
        self.c_proj = nn.Linear(4 * o.channels, o.channels, bias=o.bias)
        self.dropout = nn.Dropout(o.dropout)

    def forward(self, x):
        return self.dropout(self.c_proj(self.gelu(self.c_fc(x))))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = LayerNorm(o.channels, o.bias)
        self.attn = CausalSelfAttention()
        self.ln_2 = LayerNorm(o.channels, o.bias)
        self.mlp = MLP()

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.transformer = nn.ModuleDict(
            dict(
                wte=nn.Embedding(len(letters), o.channels),
                wpe=nn.Embedding(o.context, o.channels),
                drop=nn.Dropout(o.dropout),
                h=nn.ModuleList([Block() for _ in range(o.layers)]),
                ln_f=LayerNorm(o.channels, o.bias),
            )
        )
        self.lm_head = nn.Linear(o.channels, len(letters), bias=False)
        self.transformer.wte.weight = self.lm_head.weight
        self.apply(self.first_weights)
        for name, p in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(p, 0.0, 0.02 / math.sqrt(2 * o.layers))

    def first_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, idx):
        t = self.transformer
        x = t.drop(t.wte(idx) + t.wpe(offsets[: idx.shape[1]]))
        for block in t.h:
            x = block(x)
        return self.lm_head(t.ln_f(x))


def loss_of(logits, targets):
    return F.cross_entropy(logits.view(-1, len(letters)), targets.reshape(-1))


model = GPT()
parameters = list(model.parameters())
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ],
    lr=o.lr,
    betas=(0.9, 0.99),
)


def learning_rate(step):
    warmup, least = min(100, o.steps / 10), o.lr / 10
    if step < warmup:
        return o.lr * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (o.steps - warmup)
    return least + 0.5 * (1 + math.cos(math.pi * progress)) * (o.lr - least)


@torch.no_grad()
def validate():
    model.eval()
    starts = torch.arange(0, val_data.numel() - o.context - 1, o.context)
    losses = [loss_of(*(lambda x, y: (model(x), y))(*pieces_at(s, val_data))).item() * s.numel() for s in starts.split(64)]
    model.train()
    return sum(losses) / starts.numel()


since = time.process_time()
for step in range(o.steps):
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step)
    x, y = pieces_at(torch.randint(train_data.numel() - o.context, (o.batch,)), train_data)
    loss = loss_of(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    if step % o.log_every == 0:
        each = (time.process_time() - since) / (1 if step == 0 else o.log_every) * 1000
        print(f"step {step}: loss {loss.item():.6f}, {each:.0f} ms of CPU a step", flush=True)
        since = time.process_time()
    if (step + 1) % o.eval_every == 0 or step + 1 == o.steps:
        print(f"step {step + 1}: validation loss {validate():.4f}", flush=True)
        since = time.process_time()
