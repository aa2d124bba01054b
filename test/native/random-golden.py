"""Writes random-golden.json: what PyTorch draws, as bytes.

    python3 test/native/random-golden.py > test/native/random-golden.json

Written by PyTorch 1.13.1 (without MKL, with which bernoulli_ and exponential_ draw otherwise). A case is a list of calls on one generator;
a tensor that is filled is `base` elements long, seen through `shape` and `strides`. `state` is a digest of get_rng_state() at the end.
"""
import base64
import hashlib
import json

import torch

FLOATS = ["float32", "float64", "float16", "bfloat16"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64", "bool"]
# base, shape, strides
LAYOUTS = {
    "contiguous": (37, [37], [1]),
    "blocks of 16": (32, [4, 8], [8, 1]),
    "few": (5, [5], [1]),
    "0-dim": (1, [], []),
    "empty": (0, [0, 3], [3, 1]),
    "transposed": (21, [7, 3], [1, 7]),
    "permuted": (24, [4, 2, 3], [1, 12, 4]),
    "gaps": (90, [3, 5], [30, 2]),
}
# name -> (dtypes, arguments, call)
CALLS = {
    "uniform": (FLOATS, [-0.3, 1.7], lambda x, g, a: x.uniform_(*a, generator=g)),
    "normal": (FLOATS, [0.3, 1.7], lambda x, g, a: x.normal_(*a, generator=g)),
    "exponential": (FLOATS, [2.3], lambda x, g, a: x.exponential_(*a, generator=g)),
    "cauchy": (FLOATS, [0.3, 1.7], lambda x, g, a: x.cauchy_(*a, generator=g)),
    "logNormal": (FLOATS, [0.3, 0.7], lambda x, g, a: x.log_normal_(*a, generator=g)),
    "geometric": (FLOATS + INTEGERS[:-1], [0.3], lambda x, g, a: x.geometric_(*a, generator=g)),
    "bernoulli": (["float32", "float64", "bfloat16"] + INTEGERS, [0.3], lambda x, g, a: x.bernoulli_(*a, generator=g)),
    "fromTo": (FLOATS + INTEGERS[:-1], [3, 100], lambda x, g, a: x.random_(*a, generator=g)),
    "fromTo, wide": (["float64", "int64"], [-(2**40), 2**41], lambda x, g, a: x.random_(*a, generator=g)),
    "fromTo, narrowed": (["float32"], [0, 2**32], lambda x, g, a: x.random_(*a, generator=g)),
    "ofDtype": (FLOATS + INTEGERS, [], lambda x, g, a: x.random_(generator=g)),
    "all64Bits": (["int64", "float64"], [], lambda x, g, a: x.random_(-(2**63), None, generator=g)),
}


def data(x):
    raw = x.contiguous().view(torch.uint8) if x.dtype != torch.bool and x.numel() and x.dim() else x.reshape(-1).contiguous().view(torch.uint8)
    return base64.b64encode(bytes(raw.reshape(-1).tolist())).decode()


cases = []
for seed, layouts in [(0, ["contiguous", "transposed"]), (42, ["blocks of 16", "gaps"]), (2**40 + 7, ["few", "0-dim", "empty", "permuted"])]:
    for name, (dtypes, arguments, call) in CALLS.items():
        for dtype in dtypes:
            generator = torch.Generator().manual_seed(seed)
            steps = []
            for layout in layouts:
                base, shape, strides = LAYOUTS[layout]
                x = torch.zeros(base, dtype=getattr(torch, dtype)).as_strided(shape, strides)
                call(x, generator, arguments)
                steps.append({"base": base, "shape": shape, "strides": strides, "data": data(x)})
            state = bytes(generator.get_state().tolist())
            cases.append({
                "seed": str(seed), "call": name.split(",")[0], "dtype": dtype, "arguments": [str(a) for a in arguments], "steps": steps,
                "state": hashlib.sha256(state).hexdigest(),
            })

generator = torch.Generator().manual_seed(3)
permutations = [torch.randperm(n, generator=generator).tolist() for n in (0, 1, 10, 100)]
probabilities = [[0.1, 0.2, 0.3, 0.4], [5.0, 0.0, 1.0, 2.0]]
samples = torch.multinomial(torch.tensor(probabilities), 12, True, generator=generator).tolist()
state = base64.b64encode(bytes(generator.get_state().tolist())).decode()
print(json.dumps({"cases": cases, "permutations": permutations, "probabilities": probabilities, "samples": samples, "state": state}))
