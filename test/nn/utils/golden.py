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
    if isinstance(x, bool) or not isinstance(x, float):
        return x
    if (x != x or x in (float("inf"), float("-inf"))):
        return str(x)
    return float(f"{x:.9g}")  # as many digits as float32 has


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


def used(module, calls=2):
    """Weight, output and gradients of a module, after some calls in training and one in evaluation."""
    x = torch.linspace(-1, 1, 6 * 2).reshape(2, 6)
    outputs = []
    for _ in range(calls):
        outputs.append(module(x))
    (outputs[0] * outputs[-1]).sum().backward()
    grads = {name: p.grad for name, p in module.named_parameters()}
    module.eval()
    outputs.append(module(x))
    return dict(outputs=outputs, grads=grads, state=module.state_dict(), weight=module.weight)


def linear(out=4):
    torch.manual_seed(3)
    layer = nn.Linear(6, out)
    torch.manual_seed(5)
    return layer


def old_norms():
    made = {
        "weight_norm": utils.weight_norm(linear()),
        "weight_norm_1": utils.weight_norm(linear(), dim=1),
        "weight_norm_all": utils.weight_norm(linear(), dim=None),
        "spectral_norm": utils.spectral_norm(linear()),
        "spectral_norm_1": utils.spectral_norm(linear(), n_power_iterations=3, dim=1, eps=1e-6),
    }
    return {name: used(module) for name, module in made.items()}


def parametrizations():
    from torch.nn.utils.parametrizations import orthogonal, spectral_norm

    made = {
        "spectral_norm": spectral_norm(linear()),
        "spectral_norm_1": spectral_norm(linear(), n_power_iterations=3, dim=1, eps=1e-6),
        "spectral_norm_bias": spectral_norm(linear(), "bias"),
    }
    for out in (4, 6, 8):
        for map in (None, "matrix_exp", "cayley", "householder"):
            for trivial in (True, False):
                made[f"orthogonal {out} {map} {trivial}"] = orthogonal(linear(out), orthogonal_map=map, use_trivialization=trivial)
    return {name: used(module, 2 if name.startswith("s") else 1) for name, module in made.items()}


def pruning():
    from torch.nn.utils import prune

    steps = {
        "identity": lambda m: prune.identity(m, "weight"),
        "random_unstructured": lambda m: prune.random_unstructured(m, "weight", 0.3),
        "l1_unstructured": lambda m: prune.l1_unstructured(m, "weight", 0.3),
        "l1_unstructured 5": lambda m: prune.l1_unstructured(m, "weight", 5),
        "l1_unstructured 0": lambda m: prune.l1_unstructured(m, "bias", 0),
        "l1_unstructured scores": lambda m: prune.l1_unstructured(m, "weight", 0.5, importance_scores=torch.arange(24.).view(4, 6)),
        "random_structured": lambda m: prune.random_structured(m, "weight", 2, 1),
        "ln_structured": lambda m: prune.ln_structured(m, "weight", 0.5, 2, 1),
        "ln_structured 1": lambda m: prune.ln_structured(m, "weight", 1, 1, 0),
        "ln_structured inf": lambda m: prune.ln_structured(m, "weight", 2, float("inf"), -1),
        "custom_from_mask": lambda m: prune.custom_from_mask(m, "weight", torch.arange(24).view(4, 6) % 3 == 0),
    }
    chains = [[name] for name in steps] + [
        ["l1_unstructured", "ln_structured"],
        ["ln_structured", "l1_unstructured 5"],
        ["random_structured", "random_unstructured", "custom_from_mask"],
        ["ln_structured 1", "ln_structured", "random_structured"],
    ]
    result = []
    for chain in chains:
        m = linear()
        for name in chain:
            steps[name](m)
        x = torch.linspace(-1, 1, 12).reshape(2, 6)
        (m(x) ** 2).sum().backward()
        result.append(dict(chain=chain, state=m.state_dict(), weight=m.weight, grads={n: p.grad for n, p in m.named_parameters()}))
    return result


def global_pruning():
    from torch.nn.utils import prune

    a, b = linear(), linear(3)
    pairs = [(a, "weight"), (b, "weight"), (b, "bias")]
    prune.l1_unstructured(b, "weight", 4)
    prune.global_unstructured(pairs, prune.L1Unstructured, amount=0.4)
    first = [plain(a.state_dict()), plain(b.state_dict())]
    prune.global_unstructured(pairs, prune.L1Unstructured, importance_scores={(b, "bias"): torch.tensor([0.0, 9.0, 9.0])}, amount=3)
    return plain([*first, a.state_dict(), b.state_dict()])


for case in (clip_grad, old_norms, parametrizations, pruning, global_pruning):
    golden[case.__name__] = plain(case())

out = pathlib.Path(__file__).with_name("golden.json")
out.write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")
