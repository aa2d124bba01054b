#!/usr/bin/env python3
"""The public names of PyTorch's namespaces of operators, as it has them.

    python3 test/golden/names.py        # writes test/golden/names.json
"""
import json
import pathlib
import types
import warnings

import torch
import torch.masked

warnings.simplefilter("ignore")
SPACES = {"torch": torch, "Tensor": torch.Tensor, "linalg": torch.linalg, "fft": torch.fft, "special": torch.special, "nn.functional": torch.nn.functional, "masked": torch.masked}


def names(space):
    for name in dir(space):
        value = getattr(space, name, None)
        if name.startswith("_") or isinstance(value, (types.ModuleType, type, str, dict)) or not (callable(value) or space is torch.Tensor):
            continue
        if getattr(value, "__module__", None) in ("typing", "torch.overrides", "torch._jit_internal"):
            continue
        yield name


found = {space: sorted(names(value)) for space, value in SPACES.items()}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"torch": torch.__version__, "names": found}, indent=1) + "\n")
print(f"{path}: {sum(map(len, found.values()))} names")
