#!/usr/bin/env python3
"""Writes golden.json: what PyTorch's samplers, loaders and splits give after a seed. Made with PyTorch 1.13.1."""
import json
import os

import torch
from torch.utils.data import (DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler, random_split)


def seeded(seed, make):
    torch.manual_seed(seed)
    return make()


def epochs(iterable, collated=False):
    return [[b.tolist() for b in iterable] if collated else list(iterable) for _ in range(2)]


def generator(seed):
    return torch.Generator().manual_seed(seed)


golden = {
    "random": seeded(0, lambda: epochs(RandomSampler(range(10)))),
    "replacement": seeded(0, lambda: list(RandomSampler(range(10), replacement=True, num_samples=40))),
    "generator": epochs(RandomSampler(range(5), num_samples=12, generator=generator(3))),
    "subset": seeded(1, lambda: [int(i) for i in SubsetRandomSampler([5, 3, 8, 1])]),
    "weighted": seeded(2, lambda: list(WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 8))),
    "weightedOnce": seeded(2, lambda: list(WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, replacement=False))),
    "loader": seeded(0, lambda: epochs(DataLoader(range(10), batch_size=4, shuffle=True), True)),
    "loaderGenerator": epochs(DataLoader(range(10), batch_size=4, shuffle=True, drop_last=True, generator=generator(5)), True),
    "after": seeded(0, lambda: (list(DataLoader(range(4))), torch.randint(1000, (3,)).tolist())[1]),
    "split": [part.indices for part in random_split(range(10), [3, 7], generator=generator(42))],
    "fractions": [part.indices for part in random_split(range(11), [0.3, 0.3, 0.4], generator=generator(42))],
}
with open(os.path.join(os.path.dirname(__file__), "golden.json"), "w") as f:
    lines = [f'  "{name}": {json.dumps(value)}' for name, value in golden.items()]
    f.write("{\n" + ",\n".join(lines) + "\n}\n")
