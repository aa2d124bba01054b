#!/usr/bin/env python3
"""What PyTorch's convolutions and transposed convolutions give for random geometries: values, gradients, refusals, layers.

    python3 test/golden/convolution.py        # writes test/golden/convolution.json.gz; made with PyTorch 1.13.1

Tensors hold eighths without pattern, so that every sum is exact in float32: element i of the tensor with the number `salt` is
((7919 · i + 104729 · salt) mod 31 − 15) / 8. Input, weight, bias and the gradient given to the result have the salts 1 to 4.
"""
import gzip
import json
import pathlib
import random

import torch
import torch.nn.functional as F
from torch import nn

rng = random.Random(8)
torch.set_num_threads(1)


def numbers(salt, shape, dtype=torch.float32):
    n = torch.Size(shape).numel()
    x = ((7919 * torch.arange(n, dtype=torch.int64) + 104729 * salt) % 31 - 15).double() / 8
    return (x * 8 if not dtype.is_floating_point and not dtype.is_complex else x).reshape(shape).to(dtype)


def ran(dims, transposed, batch, sizes, channels, outs, groups, kernel, bias, options, dtype):
    f = getattr(F, ("conv_transpose%dd" if transposed else "conv%dd") % dims)
    shape = ([] if batch is None else [batch]) + [channels * groups] + sizes
    weight = [channels * groups, outs] if transposed else [outs * groups, channels]
    x, w = numbers(1, shape, dtype), numbers(2, weight + kernel, dtype)
    b = numbers(3, [outs * groups], dtype) if bias else None
    leaves = [t for t in (x, w, b) if t is not None]
    differentiable = dtype.is_floating_point
    if differentiable:
        for t in leaves:
            t.requires_grad_()
    case = {"dims": dims, "transposed": transposed, "dtype": str(dtype)[6:], "input": shape, "weight": list(w.shape), "bias": bias,
            "options": {**options, "groups": groups}}
    try:
        y = f(x, w, b, groups=groups, **options)
    except RuntimeError as e:
        return {**case, "error": str(e)[:80]}
    case["output"] = {"shape": list(y.shape), "data": y.flatten().tolist()}
    if differentiable:
        y.backward(numbers(4, y.shape, dtype))
        case["grads"] = [t.grad.flatten().tolist() for t in leaves]
        case["node"] = y.grad_fn.name()
    return case


cases = []
while len(cases) < 120:
    dims, transposed = rng.choice([1, 2, 2, 3]), rng.random() < 0.4
    kernel = [rng.randint(1, [5, 4, 3][dims - 1]) for _ in range(dims)]
    options = {}
    if rng.random() < 0.6:
        options["stride"] = rng.choice([rng.randint(1, 3), [rng.randint(1, 3) for _ in range(dims)]])
    if rng.random() < 0.6:
        choices = [rng.randint(0, 3), [rng.randint(0, 2) for _ in range(dims)]]
        options["padding"] = rng.choice(choices if transposed else choices + ["same", "valid"])
    if rng.random() < 0.4:
        options["dilation"] = rng.choice([rng.randint(1, 3), [rng.randint(1, 2) for _ in range(dims)]])
    batch = rng.choice([None, 0, 1, 2, 3])
    # (An empty batch may have an output_padding that PyTorch refuses otherwise.)
    if transposed and batch != 0 and rng.random() < 0.5:
        options["output_padding"] = rng.randint(0, 2)
    dtype = rng.choice([torch.float32] * 4 + [torch.float64] * 2 + [torch.int64])
    cases.append(ran(dims, transposed, batch, [rng.randint(1, [14, 8, 5][dims - 1]) for _ in range(dims)],
                     rng.randint(1, 3), rng.randint(1, 3), rng.choice([1, 1, 2, 3]), kernel, rng.random() < 0.5, options, dtype))

layers = []
for make in (
    "nn.Conv1d(4, 6, 3, 2, 1, 2, 2)", "nn.Conv2d(3, 4, [3, 2], padding='same', bias=False)", "nn.Conv2d(2, 4, 3, padding=[1, 2], padding_mode='circular')",
    "nn.Conv2d(2, 2, 3, padding=2, dilation=2, padding_mode='reflect')", "nn.Conv1d(2, 2, 4, padding='same', padding_mode='replicate')",
    "nn.Conv3d(2, 2, [1, 2, 3], [1, 2, 1])", "nn.ConvTranspose1d(3, 4, 3, 2, 1, 1)", "nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=[1, 0], groups=2, bias=False)",
    "nn.ConvTranspose3d(2, 3, 2, dilation=2)",
):
    torch.manual_seed(5)
    layer = eval(make)
    dims = int(type(layer).__name__[-2])
    x = numbers(1, [2, layer.in_channels] + [7, 8, 5][:dims])
    layers.append({"make": make, "repr": str(layer), "input": list(x.shape), "state": {k: {"shape": list(v.shape), "data": v.flatten().tolist()} for k, v in layer.state_dict().items()},
                   "output": {"shape": list(layer(x).shape), "data": layer(x).flatten().tolist()}})

path = pathlib.Path(__file__).with_name("convolution.json.gz")
with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
    file.write(json.dumps({"torch": torch.__version__, "cases": cases, "layers": layers}, separators=(",", ":")).encode())
print(len(cases), "cases,", sum("error" in c for c in cases), "of them refused,", path.stat().st_size, "bytes")
