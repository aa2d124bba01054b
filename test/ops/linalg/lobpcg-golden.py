#!/usr/bin/env python3
"""Writes lobpcg-golden.json: eigenvalues, vectors (up to sign), numbers of steps and gradients of PyTorch's `lobpcg`.

    python3 test/ops/linalg/lobpcg-golden.py

Written by PyTorch 1.13.1. `options` name the tensors `A`, `B` and `iK` (the inverse of A) where they are used; the search begins with what
`manual_seed(3)` gives.
"""
import json
import pathlib

import torch

torch.manual_seed(1)


def matrix(m):
    M = torch.randn(m, m, dtype=torch.float64)
    return M @ M.T + torch.eye(m, dtype=torch.float64)


A, B = matrix(12), matrix(12)
tensors = {"A": A, "B": B, "iK": A.inverse(), "X": torch.randn(12, 3, dtype=torch.float64), "batch": torch.stack([A, A + B, 2 * A, B])[:, None].reshape(2, 2, 12, 12)}
CALLS = [
    ("A", {}),
    ("A", {"k": 3}),
    ("A", {"k": 2, "n": 4}),
    ("A", {"k": 2, "largest": False}),
    ("A", {"k": 2, "method": "basic"}),
    ("A", {"k": 2, "B": "B", "tol": 1e-12}),
    ("A", {"k": 2, "B": "B", "method": "basic", "largest": False}),
    ("A", {"k": 2, "iK": "iK", "largest": False, "method": "basic"}),
    ("A", {"X": "X", "tol": 1e-3}),
    ("A", {"k": 2, "niter": 2}),
    ("A", {"k": 2, "niter": 3, "method": "basic"}),
    ("A", {"k": 3, "ortho_bparams": {"ortho_use_drop": True}}),
    ("A", {"k": 2, "ortho_iparams": {"ortho_i_max": 1, "ortho_j_max": 1}, "ortho_fparams": {"ortho_tol": 1e-3, "ortho_tol_replace": 1e-9}, "niter": 5}),
    ("batch", {"k": 2}),
    ("batch", {"k": 2, "method": "basic", "largest": False}),
]
cases = []
for name, options in CALLS:
    torch.manual_seed(3)
    steps = []
    given = {key: tensors[v].clone() if isinstance(v, str) and v in tensors else v for key, v in options.items()}
    E, V = torch.lobpcg(tensors[name], tracker=lambda worker: steps.append(1), **given)
    cases.append({"matrix": name, "options": options, "steps": len(steps), "E": E.tolist(), "V": V.abs().tolist()})

gradients = []
for k, largest in ((2, True), (2, False), (4, True)):
    torch.manual_seed(3)
    leaf = A.clone().requires_grad_()
    E, V = torch.lobpcg(leaf, k=k, largest=largest, tol=1e-12)
    weights = torch.arange(12, dtype=torch.float64)[:, None]
    (grad,) = torch.autograd.grad(E.sum() + (V**2 * weights).sum(), leaf)
    gradients.append({"k": k, "largest": largest, "grad": grad.tolist()})
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"torch": torch.__version__, "tensors": {k: t.tolist() for k, t in tensors.items()}, "cases": cases, "gradients": gradients}) + "\n")
print(f"{path}: {len(cases)} cases")
