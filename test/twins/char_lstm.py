#!/usr/bin/env python3
"""The twin of examples/char-lstm.ts: the same model, data, seed and training, so the same losses.

    /usr/bin/python3 test/twins/char_lstm.py --root ../shared/data --steps 20 --log-every 1
"""
import argparse
import os
import warnings

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.utils.data import DataLoader, random_split

warnings.simplefilter("ignore")
parser = argparse.ArgumentParser()
for name, default in dict(epochs=3, steps=10**9, seed=0, threads=0, hidden=128, batch=64, log_every=100).items():
    parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
parser.add_argument("--root", default="data")
o = parser.parse_args()

if o.threads:
    torch.set_num_threads(o.threads)
torch.manual_seed(o.seed)

names = open(os.path.join(o.root, "text", "names.txt")).read().strip().split("\n")
letters = sorted({"."} | set("".join(names)))
number_of = {letter: i for i, letter in enumerate(letters)}
encoded = [torch.tensor([number_of[letter] for letter in f".{name}."]) for name in names]
train_names, test_names = random_split(encoded, [0.9, 0.1])


def collate(samples):
    return (
        pack_sequence([name[:-1] for name in samples], enforce_sorted=False),
        pack_sequence([name[1:] for name in samples], enforce_sorted=False).data,
    )


train_loader = DataLoader(train_names, o.batch, shuffle=True, collate_fn=collate)
test_loader = DataLoader(test_names, 512, collate_fn=collate)


class Speller(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(len(letters), 32)
        self.lstm = nn.LSTM(32, o.hidden, num_layers=2, dropout=0.1)
        self.head = nn.Linear(o.hidden, len(letters))

    def forward(self, x):
        vectors = PackedSequence(self.embed(x.data), x.batch_sizes, x.sorted_indices, x.unsorted_indices)
        return self.head(self.lstm(vectors)[0].data)


model = Speller()
print(model)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)


@torch.no_grad()
def test():
    model.eval()
    total = sum(loss_fn(model(x), y).item() * y.numel() for x, y in test_loader)
    model.train()
    return total / sum(len(name) - 1 for name in test_names)


step = 0
for epoch in range(1, o.epochs + 1):
    if step >= o.steps:
        break
    for x, y in train_loader:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        if step % o.log_every == 0:
            print(f"step {step}: loss {loss.item():.6f}", flush=True)
        step += 1
        if step >= o.steps:
            break
    print(f"Epoch {epoch}: test loss {test():.4f}", flush=True)
