#!/usr/bin/env python3
"""What PyTorch's `x[…]` and `x[…] = y` give for random shapes and indices: values, strides, gradients, nodes and refusals.

    python3 test/golden/indexing.py        # writes test/golden/indexing.json.gz

A case has the shape of a float64 `x` whose elements count from 0 (laid out with its dimensions in the order of `perm`), the items of
the index, and the shape of `y` (null: the number 7), whose elements count down from −1. The gradient given to the result counts from 1.
Left out: several "...", a mask of several dimensions before other items, slices of 0-dim tensors
and a lone False that are written to, where PyTorch goes its own ways.
"""
import gzip
import json
import pathlib
import random
import warnings

import torch

warnings.simplefilter("ignore")
rng = random.Random(20)
torch.set_num_threads(1)


def tensor(dtype, shape, data):
    return {"dtype": dtype, "shape": shape, "data": data}


def numel(shape):
    return torch.Size(shape).numel()


def random_items(shape):
    items, dim, common = [], 0, rng.choice([[], [2], [3], [2, 1], [1], [2, 3], [0]])
    count = rng.randint(0, len(shape) + 1)
    for i in range(count):
        size = shape[dim] if dim < len(shape) else 1
        good = lambda: rng.randint(-size, size - 1) if size and rng.random() < 0.98 else rng.randint(-6, 6)
        kind = rng.random()
        if kind < 0.22:
            items.append(good())
            dim += 1
        elif kind < 0.5:
            bound = lambda: str(rng.randint(-6, 6)) if rng.random() < 0.5 else ""
            items.append({"slice": f"{bound()}:{bound()}" + (f":{rng.randint(0 if rng.random() < 0.1 else 1, 3)}" if rng.random() < 0.4 else "")})
            dim += 1
        elif kind < 0.58:
            items.append(None)
        elif kind < 0.65 and "..." not in items:
            items.append("...")
            dim = max(dim, len(shape) - (count - i - 1))
        elif kind < 0.7:
            items.append(rng.random() < 0.6)
        elif kind < 0.9:
            s = common if rng.random() < 0.7 else [n if rng.random() < 0.5 else 1 for n in common]
            data = [good() for _ in range(numel(s))]
            index = tensor("int64", s, data)
            items.append({"list": torch.tensor(data).reshape(s).tolist()} if s and data and rng.random() < 0.35 else index)
            dim += 1
        else:
            s = shape[dim : dim + rng.randint(0, 2 if i == count - 1 else 1)]
            s = [n + 1 for n in s] if rng.random() < 0.03 else s
            data = [rng.randint(0, 1) for _ in range(numel(s))]
            items.append({"list": [bool(b) for b in data]} if len(s) == 1 and data and rng.random() < 0.3 else tensor(rng.choice(["bool", "bool", "uint8"]), s, data))
            dim += len(s)
    return items


def decode(item):
    if not isinstance(item, dict):
        return Ellipsis if item == "..." else item
    if "slice" in item:
        return slice(*[int(part) if part else None for part in item["slice"].split(":")])
    if "list" in item:
        return item["list"]
    return torch.tensor(item["data"], dtype=torch.int64).reshape(item["shape"]).to(getattr(torch, item["dtype"]))


def chain(node):
    names = []
    while node is not None:
        names.append(node.name().replace("torch::autograd::", "").replace("ReshapeAlias", "View"))  # PyTorch 2 has View again
        node = node.next_functions[0][0] if node.next_functions else None
    return names


def whole(t):
    return None if t is None else [int(x) for x in t.flatten().tolist()]


def counting(shape):
    return torch.arange(numel(shape), dtype=torch.float64)


def case():
    shape = [0 if rng.random() < 0.06 else rng.randint(1, 4) for _ in range(rng.randint(0, 4))]
    perm = rng.sample(range(len(shape)), len(shape)) if rng.random() < 0.3 else None
    items = random_items(shape)
    index = tuple(decode(item) for item in items)
    if len(index) == 1 and not isinstance(index[0], list):  # a lone nested list would count as a tuple
        (index,) = index
    base = counting(shape).requires_grad_()

    def x():
        if perm is None:
            return base.reshape(shape)
        return base.reshape([shape[d] for d in perm]).permute([perm.index(d) for d in range(len(shape))])

    record = {"shape": shape, "perm": perm, "items": items}
    try:
        y = x()[index]
    except (IndexError, ValueError, RuntimeError) as error:
        return {**record, "error": type(error).__name__}
    (grad,) = torch.autograd.grad([y], [base], [counting(y.shape).add(1).reshape(y.shape)])
    record["get"] = {"shape": list(y.shape), "data": whole(y), "view": y._is_view(), "stride": list(y.stride()), "nodes": chain(y.grad_fn), "grad": whole(grad)}
    if items == [False] or not shape and any(isinstance(item, dict) and "slice" in item for item in items):
        return record
    target = list(y.shape)
    value = rng.choice([None, [], target, target, [1, *target], [n if rng.random() < 0.7 else 1 for n in target[rng.randint(0, len(target)) :]], [2, *target]])
    v = (-1 - counting(value or [])).requires_grad_()
    z = x().clone()
    record["value"] = value
    try:
        z[index] = 7 if value is None else v.reshape(value)
    except (IndexError, ValueError, RuntimeError) as error:
        return {**record, "set_error": type(error).__name__}
    grads = torch.autograd.grad([z], [base, v], [counting(z.shape).add(1).reshape(z.shape)], allow_unused=True)
    record["set"] = {"data": whole(z), "grad": whole(grads[0]), "value_grad": whole(grads[1])}
    return record


cases = [case() for _ in range(1500)]
out = pathlib.Path(__file__).with_name("indexing.json.gz")
out.write_bytes(gzip.compress(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")).encode(), 9, mtime=0))
print(f"{len(cases)} cases, {sum('error' in c for c in cases)} refusals, {sum('set_error' in c for c in cases)} refused values")
