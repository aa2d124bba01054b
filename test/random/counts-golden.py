#!/usr/bin/env python3
"""Writes counts-golden.json: what PyTorch's `poisson` and `binomial` draw after `manual_seed(7)`.

    python3 test/random/counts-golden.py

Written by PyTorch 1.13.1. `next` is the uniform number that comes after, so that the streams are known to end alike.
"""
import json
import pathlib

import torch

RATES = [[0, 0.1, 1, 5], [9.99, 10, 12.5, 100], [1e4, 3e7, 0.5, 250]]
COUNTS = [[0, 1, 10, 10, 24.5], [100, 100, 1000, 1e6, 4e6], [30, 30, -2, 1000, 25]]
CHANCES = [[0.5, 0.5, 0.1, 0.9, 0.5], [0.3, 0.7, 0.01, 0.999, 0.25], [0, 1, 0.5, 0.99, 0.4]]
SHARED = [0.3, 0.6, 0.01, 0.5, 0.995]


def samples():
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        for turned in (False, True):
            turn = lambda rows: torch.tensor(rows, dtype=dtype).t().contiguous().t() if turned else torch.tensor(rows, dtype=dtype)
            yield "poisson", dtype, turned, [RATES], lambda: torch.poisson(turn(RATES))
            if dtype != torch.bfloat16:
                yield "binomial", dtype, turned, [COUNTS, CHANCES], lambda: torch.binomial(turn(COUNTS), turn(CHANCES))
                yield "binomial", dtype, turned, [COUNTS, SHARED], lambda: torch.binomial(turn(COUNTS), torch.tensor(SHARED, dtype=dtype))
    for rate in (3.0, 25.0):
        many = [[rate] * 1000]
        yield "poisson", torch.float32, False, [many], lambda: torch.poisson(torch.tensor(many))
    for p in (0.1, 0.4, 0.6):
        yield "binomial", torch.float32, False, [[[60.0] * 1000], [p]], lambda: torch.binomial(torch.full((1, 1000), 60.0), torch.tensor([p]))


cases = []
for op, dtype, turned, arguments, draw in samples():
    torch.manual_seed(7)
    values = draw().tolist()
    cases.append({"op": op, "dtype": str(dtype)[6:], "turned": turned, "arguments": arguments, "values": values, "next": torch.rand(1).item()})
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")
print(f"{path}: {len(cases)} cases")
