"""Writes golden.jsonl, a case a line: what PyTorch prints for 300 tensors, and what Python makes of 400 floats.

    python3 test/format/golden.py > test/format/golden.jsonl

Written by PyTorch 1.13.1.
"""
import json
import math
import random

import torch

random.seed(0)
torch.manual_seed(0)

FLOATS = [torch.float32, torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0]
SHAPES = [[], [0], [1], [3], [9], [20], [2, 0], [0, 2], [2, 3], [3, 2], [1, 7], [2, 2, 2], [2, 1, 3], [2, 2, 1, 2]]


def floats(shape, dtype):
    x = torch.randn(shape, dtype=torch.float64)
    x = random.choice([
        lambda: x * 10 ** random.uniform(-12, 12),
        lambda: (x * random.choice([1, 100, 1e3, 1e9])).round(),
        lambda: x * torch.exp(3 * torch.randn(shape, dtype=torch.float64)),
        lambda: (x * 8).round() / random.choice([2, 16, 64]),  # ties of rounding
        lambda: x * random.choice([1e-4, 1e-40, 1e-310, 1e22, 1e200]),
        lambda: x * 0,
        lambda: x,
    ])()
    if random.random() < 0.25:
        hit = torch.rand(shape) < random.choice([0.3, 1])
        x = torch.where(hit, torch.tensor(random.choice(SPECIAL), dtype=torch.float64), x)
    return x.to(dtype)


def tensor():
    shape = random.choice(SHAPES)
    kind = random.random()
    if kind < 0.6:
        return floats(shape, random.choice(FLOATS))
    if kind < 0.75:
        part = random.choice([torch.float32, torch.float64])
        return torch.complex(floats(shape, part), floats(shape, part))
    if kind < 0.9:
        dtype = random.choice(INTS)
        info, bound = torch.iinfo(dtype), random.choice([2, 127, 10**6, 10**18])
        return torch.randint(max(info.min, -bound), min(info.max, bound), shape, dtype=dtype)
    return torch.rand(shape) < 0.5


def options():
    choices = dict(
        precision=[0, 1, 2, 3, 6, 17], threshold=[0, 5], edgeitems=[1, 2], linewidth=[10, 40, 120],
        sci_mode=[True, False], profile=["default", "short", "full"],
    )
    if random.random() < 0.7:
        return {}
    return {name: random.choice(values) for name, values in choices.items() if random.random() < 0.4}


def plain(value):
    """JSON has neither 64-bit integers nor infinities: numbers go as text."""
    if isinstance(value, complex):
        return [repr(value.real), repr(value.imag)]
    return value if isinstance(value, bool) else repr(value)


def tensor_case():
    x, opts = tensor(), options()
    parameter = False
    if x.is_floating_point() or x.is_complex():
        form = random.random()
        if form < 0.1:
            x.requires_grad_()
        elif form < 0.2:
            x = x.requires_grad_() * 1
        elif form < 0.25:
            x, parameter = torch.nn.Parameter(x), True
    torch.set_printoptions(profile="default")
    torch.set_printoptions(**opts)
    values = x.detach()
    if values.dtype in (torch.float16, torch.bfloat16):
        values = values.float()
    return dict(
        dtype=str(x.dtype)[len("torch."):], shape=list(x.shape), values=[plain(v) for v in values.flatten().tolist()],
        options=opts, requiresGrad=x.requires_grad, gradFnName=type(x.grad_fn).__name__ if x.grad_fn else None,
        isParameter=parameter, repr=repr(x),
    )


def float_case():
    x = random.choice([
        lambda: random.gauss(0, 1) * 10 ** random.uniform(-25, 25),
        lambda: random.randrange(-200, 200) / 2 ** random.randrange(12),
        lambda: float(random.randrange(10**17)) * 10 ** random.randrange(8),
        lambda: random.choice(SPECIAL + [1e-5, 1e-4, 1e16, 9999999999999998.0, 1e21, 1e22, 5e-324, 2.5, 0.5, 25.0]),
    ])()
    digits = random.randrange(6)
    return dict(x=repr(x), digits=digits, repr=repr(x), fixed=f"{x:.{digits}f}", scientific=f"{x:.{digits}e}")


for case in [tensor_case() for _ in range(300)] + [float_case() for _ in range(400)]:
    print(json.dumps(case))
