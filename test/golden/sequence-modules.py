#!/usr/bin/env python3
"""What PyTorch's recurrent and attention modules give: from one seed their weights, their inputs, outputs and gradients.

    /usr/bin/python3 test/golden/sequence-modules.py        # writes test/golden/sequence-modules.json.gz

A case seeds with 7, makes the module (first weights follow), then its inputs by `randn`, in order. Random outputs are drawn after
seeding with 77. The loss is the sum over all outputs of each element times cos(its number, counted through).
"""
import gzip
import json
import math
import pathlib
import re
import warnings

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

warnings.simplefilter("ignore")
torch.set_num_threads(1)

camel = lambda name: re.sub(r"_+([a-z0-9])", lambda m: m.group(1).upper(), name)


class Case(dict):
    def __init__(self, module, args, kwargs=None, inputs=(), named=None, train=True, float64=False):
        super().__init__(module=module, args=args, kwargs=kwargs or {}, inputs=list(inputs), named=named or {}, train=train, float64=float64)


X = lambda *shape: {"randn": list(shape)}
PAIR = lambda a, b: {"list": [X(*a), X(*b)]}
PACK = lambda shape, lengths, batch_first=False, enforce_sorted=True: {"pack": list(shape), "lengths": lengths, "batch_first": batch_first, "enforce_sorted": enforce_sorted}
CAUSAL = lambda n: {"causal": n}
PADDED = lambda *lengths: {"padded": list(lengths)}

cases = []
for name in ["RNN", "GRU", "LSTM"]:
    state = lambda layers, n=3, h=5: PAIR([layers, n, h], [layers, n, h]) if name == "LSTM" else X(layers, n, h)
    one = lambda layers, h=5: PAIR([layers, h], [layers, h]) if name == "LSTM" else X(layers, h)
    cases += [
        Case(name, [4, 5], {}, [X(6, 3, 4), state(1)]),
        Case(name, [4, 5], {"num_layers": 3, "dropout": 0.4}, [X(6, 3, 4)]),
        Case(name, [4, 5], {"num_layers": 2, "dropout": 0.4, "bidirectional": True, "batch_first": True}, [X(3, 6, 4), state(4)]),
        Case(name, [4, 5], {"num_layers": 2, "dropout": 0.4}, [X(6, 3, 4)], train=False),
        Case(name, [4, 5], {"bias": False, "bidirectional": True}, [X(6, 4), one(2)]),
        Case(name, [4, 5], {"batch_first": True}, [X(1, 4)]),
        Case(name, [4, 5], {"num_layers": 2, "bidirectional": True}, [X(6, 3, 4), state(4)], float64=True),
        Case(name, [4, 5], {}, [PACK([6, 3, 4], [6, 4, 1]), state(1)]),
        Case(name, [4, 5], {"bidirectional": True, "num_layers": 2}, [PACK([3, 5, 4], [2, 5, 3], True, False), state(4)]),
        Case(name, [4, 5], {"bidirectional": True, "num_layers": 2, "dropout": 0.5, "batch_first": True}, [PACK([3, 5, 4], [5, 5, 5], True)]),
        Case(name, [9, 17], {}, [X(5, 3, 9)]),
    ]
cases += [
    Case("RNN", [4, 5], {"nonlinearity": "relu", "num_layers": 2, "bidirectional": True}, [X(6, 3, 4), X(4, 3, 5)]),
    Case("RNN", [4, 5], {"nonlinearity": "relu"}, [PACK([6, 3, 4], [6, 4, 1])]),
    Case("LSTM", [4, 5], {"proj_size": 3}, [X(6, 3, 4), PAIR([1, 3, 3], [1, 3, 5])]),
    Case("LSTM", [4, 5], {"proj_size": 3, "num_layers": 2, "bidirectional": True, "bias": False}, [PACK([6, 3, 4], [6, 4, 1]), PAIR([4, 3, 3], [4, 3, 5])]),
    Case("LSTM", [4, 5], {"proj_size": 2, "num_layers": 2, "dropout": 0.3}, [X(6, 4)], float64=True),
    Case("RNNCell", [4, 5], {"nonlinearity": "relu"}, [X(4), X(5)]),
    Case("RNNCell", [4, 5], {"bias": False}, [X(3, 4), X(3, 5)]),
    Case("LSTMCell", [4, 5], {}, [X(4), PAIR([5], [5])]),
    Case("LSTMCell", [4, 5], {"bias": False}, [X(3, 4)], float64=True),
    Case("GRUCell", [4, 5], {}, [X(4)]),
    Case("GRUCell", [4, 5], {"bias": False}, [X(3, 4), X(3, 5)]),
]

SELF = lambda *shape: {"self": list(shape)}
cases += [
    Case("MultiheadAttention", [8, 2], {"dropout": 0.3}, [SELF(5, 3, 8)]),
    Case("MultiheadAttention", [8, 2], {"dropout": 0.3, "batch_first": True}, [SELF(3, 5, 8)], {"need_weights": False}),
    Case("MultiheadAttention", [8, 2], {"add_bias_kv": True, "add_zero_attn": True}, [X(5, 3, 8), X(4, 3, 8), X(4, 3, 8)], {"key_padding_mask": PADDED(4, 2, 1)}),
    Case("MultiheadAttention", [8, 4], {"batch_first": True}, [SELF(2, 5, 8)], {"attn_mask": CAUSAL(5), "average_attn_weights": False}),
    Case("MultiheadAttention", [8, 4], {"batch_first": True, "add_bias_kv": True}, [SELF(2, 5, 8)], {"attn_mask": CAUSAL(5), "key_padding_mask": PADDED(5, 3), "need_weights": False}),
    Case("MultiheadAttention", [8, 2], {"kdim": 6, "vdim": 5}, [X(4, 8), X(7, 6), X(7, 5)], {}),
    Case("MultiheadAttention", [8, 2], {"kdim": 6}, [X(4, 2, 8), X(7, 2, 6), X(7, 2, 8)], {"need_weights": False}, float64=True),
    Case("MultiheadAttention", [8, 1], {"bias": False}, [SELF(4, 8)], {"attn_mask": CAUSAL(4)}, train=False),
    Case("TransformerEncoderLayer", [8, 2, 16], {"dropout": 0.2}, [X(5, 3, 8)]),
    Case("TransformerEncoderLayer", [8, 2, 16], {"dropout": 0.2, "batch_first": True, "norm_first": True, "activation": "gelu"}, [X(3, 5, 8)], {"src_mask": CAUSAL(5), "src_key_padding_mask": PADDED(5, 2, 4)}),
    Case("TransformerEncoderLayer", [8, 2, 16], {"layer_norm_eps": 1e-3, "dropout": 0.2}, [X(5, 8)], train=False),
    Case("TransformerDecoderLayer", [8, 2, 16], {"dropout": 0.2}, [X(5, 3, 8), X(4, 3, 8)], {"tgt_mask": CAUSAL(5), "memory_key_padding_mask": PADDED(4, 2, 1)}),
    Case("TransformerDecoderLayer", [8, 2, 16], {"dropout": 0.2, "batch_first": True, "norm_first": True}, [X(3, 4, 8), X(3, 4, 8)], {"memory_mask": CAUSAL(4), "tgt_key_padding_mask": PADDED(4, 2, 1)}, float64=True),
    Case("TransformerEncoder", [{"module": "TransformerEncoderLayer", "args": [8, 2, 16]}, 3, {"module": "LayerNorm", "args": [8]}], {}, [X(5, 2, 8)], {"mask": CAUSAL(5)}),
    Case("TransformerDecoder", [{"module": "TransformerDecoderLayer", "args": [8, 2, 16]}, 2], {}, [X(5, 2, 8), X(4, 2, 8)], {"tgt_mask": CAUSAL(5)}),
    Case("Transformer", [8, 2, 2, 2, 16], {"batch_first": True}, [X(2, 5, 8), X(2, 4, 8)], {"tgt_mask": CAUSAL(4), "src_key_padding_mask": PADDED(5, 3), "memory_key_padding_mask": PADDED(5, 3)}),
    # In float32 PyTorch's own gradients are 1.5e-6 off.
    Case("Transformer", [8, 2, 1, 2, 16, 0.0, "gelu"], {"norm_first": True}, [X(5, 8), X(4, 8)], train=False, float64=True),
]

leaves = []


def randn(shape, dtype):
    t = torch.randn(shape, dtype=torch.float32).to(dtype).requires_grad_()
    leaves.append(t)
    return t


def make(spec, dtype):
    if not isinstance(spec, dict):
        return spec
    if "randn" in spec:
        return randn(spec["randn"], dtype)
    if "list" in spec:
        return tuple(make(s, dtype) for s in spec["list"])
    if "pack" in spec:
        return pack_padded_sequence(randn(spec["pack"], dtype), torch.tensor(spec["lengths"]), spec["batch_first"], spec["enforce_sorted"])
    if "module" in spec:
        return getattr(nn, spec["module"])(*spec["args"])
    if "causal" in spec:
        return torch.ones(spec["causal"], spec["causal"], dtype=torch.bool).triu(1)
    if "padded" in spec:
        return torch.arange(max(spec["padded"])) >= torch.tensor(spec["padded"])[:, None]
    raise ValueError(spec)


def tensors(x):
    if isinstance(x, PackedSequence):
        return [x.data]
    if torch.is_tensor(x):
        return [x]
    return [] if x is None else [t for y in x for t in tensors(y)]


def data(t):
    return None if t is None else {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().reshape(-1).tolist()]}


for case in cases:
    leaves.clear()
    torch.manual_seed(7)
    module = getattr(nn, case["module"])(*[make(arg, None) for arg in case["args"]], **case["kwargs"]).train(case["train"])
    dtype = torch.float64 if case["float64"] else torch.float32
    module = module.to(dtype)
    # PyTorch 2 prints equal layers as one.
    case["repr"] = None if "ModuleList" in str(module) else str(module)
    case["names"] = list(module.state_dict())
    if case["inputs"] and "self" in case["inputs"][0]:
        inputs = [randn(case["inputs"][0]["self"], dtype)] * 3
    else:
        inputs = [make(spec, dtype) for spec in case["inputs"]]
    named = {key: make(spec, dtype) for key, spec in case["named"].items()}
    torch.manual_seed(77)
    outputs = tensors(module(*inputs, **named))
    case["outputs"] = [data(t) for t in outputs]
    loss = sum((t * torch.cos(torch.arange(t.numel(), dtype=dtype)).reshape(t.shape)).sum() for t in outputs)
    loss.backward()
    case["input_grads"] = [data(t.grad) for t in leaves]
    case["grads"] = {name: data(p.grad) for name, p in module.named_parameters()}
    for key in ["kwargs", "named"]:
        case[key] = {camel(name): value for name, value in case[key].items()}

out = pathlib.Path(__file__).with_suffix(".json.gz")
text = json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":"))
out.write_bytes(gzip.compress(text.encode(), mtime=0))
print(f"{len(cases)} cases, {out.stat().st_size} bytes")
