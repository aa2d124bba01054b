#!/usr/bin/env python3
"""What PyTorch's `torch.nn.utils` give, for the tests beside this script.

    python3 test/nn/utils/golden.py        # writes test/nn/utils/golden.json
"""
import json
import pathlib

import torch
from torch import nn
from torch.nn import utils

golden = {"torch": torch.__version__}


def plain(x):
    """Tensors as lists, numbers that JSON lacks as strings."""
    if isinstance(x, torch.Tensor):
        return plain(x.detach().tolist())
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float) and (x != x or x in (float("inf"), float("-inf"))):
        return str(x)
    return x


def clip_grad():
    cases = []
    for norm_type in (0, 0.5, 1, 2, 3, float("inf"), float("-inf")):
        for max_norm in (1.0, 100.0):
            for grads in ([[3.0, -4.0], [[1.0, 2.0], [3.0, 4.0]]], [[float("inf"), 1.0], [0.0]], [[float("nan"), 1.0]]):
                params = []
                for g in grads:
                    p = nn.Parameter(torch.zeros_like(torch.tensor(g)))
                    p.grad = torch.tensor(g)
                    params.append(p)
                norm = utils.clip_grad_norm_(params, max_norm, norm_type)
                cases.append(dict(norm_type=norm_type, max_norm=max_norm, grads=grads, norm=norm, clipped=[p.grad for p in params]))
    return cases


for case in (clip_grad,):
    golden[case.__name__] = plain(case())

out = pathlib.Path(__file__).with_name("golden.json")
out.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")
