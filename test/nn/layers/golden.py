#!/usr/bin/env python3
"""What layers, functions and initialisations of torch.nn give in PyTorch: initial state, printed form, results, gradients, state afterwards.

    python3 test/nn/layers/golden.py        # writes golden.json.gz beside this file

Each case makes a layer after manual_seed(3), calls it twice after manual_seed(7), and sends cos(0.37 · i) back from each floating
result of the second call. Inputs lie in memory as they are, with their last two dimensions swapped, or with gaps.
"""
import gzip
import json
import math
import pathlib
import random
import warnings

import torch
from torch import nn
from torch.nn.parameter import is_lazy

warnings.simplefilter("ignore")
torch.set_num_threads(1)
rng = random.Random(11)
cases = []


def number(x):
    return x if not isinstance(x, float) or math.isfinite(x) else str(x)


def encode(x):
    if is_lazy(x):
        return None
    if isinstance(x, torch.Tensor):
        return {"dtype": str(x.dtype)[6:], "shape": list(x.shape), "data": [number(v) for v in x.detach().flatten().tolist()]}
    if isinstance(x, (list, tuple)):
        return [encode(v) for v in x]
    return number(x)


class Input:
    """A tensor, how it lies in memory, and whether its gradient is wanted."""

    def __init__(self, data, layout="contiguous", grad=None):
        self.data, self.layout = data, layout
        self.grad = data.is_floating_point() if grad is None else grad

    def encode(self):
        return {**encode(self.data), "layout": self.layout, "grad": self.grad}

    def make(self):
        leaf = self.data.clone().requires_grad_(self.grad)
        if self.layout == "transposed":
            return leaf, leaf.transpose(-1, -2).contiguous().transpose(-1, -2)
        if self.layout == "gaps":
            return leaf, torch.stack([leaf, leaf], -1)[..., 0]
        return leaf, leaf * 1 if self.grad else leaf


def floats(*shape, low=-2.0, high=2.0, dtype=torch.float32, layout="contiguous", grad=None):
    values = [round(rng.uniform(low, high), 3) for _ in range(torch.Size(shape).numel())]
    return Input(torch.tensor(values, dtype=dtype).reshape(shape), layout, grad)


def doubles(*shape, **options):
    return floats(*shape, dtype=torch.float64, **options)


def ints(*shape, low=0, high=10, dtype=torch.int64, layout="contiguous"):
    values = [rng.randrange(low, high) for _ in range(torch.Size(shape).numel())]
    return Input(torch.tensor(values, dtype=dtype).reshape(shape), layout, False)


def given(values, dtype=torch.int64, grad=None):
    return Input(torch.tensor(values, dtype=dtype), grad=grad)


def tensors(x):
    if isinstance(x, torch.Tensor):
        return [x]
    return [t for v in x for t in tensors(v)] if isinstance(x, (list, tuple)) else []


def run(call, inputs, record):
    torch.manual_seed(7)
    call(*[x.make()[1] if isinstance(x, Input) else x for x in inputs])
    made = [x.make() if isinstance(x, Input) else (None, x) for x in inputs]
    outs = tensors(call(*[x for _, x in made]))
    record["outputs"] = [encode(y) for y in outs]
    flowing = [y for y in outs if y.requires_grad]
    if flowing:
        torch.autograd.backward(flowing, [torch.arange(y.numel(), dtype=torch.float64).mul(0.37).cos().to(y.dtype).reshape(y.shape) for y in flowing])
        record["grads"] = [None if leaf is None or leaf.grad is None else encode(leaf.grad) for leaf, _ in made]
    record["inputs"] = [x.encode() if isinstance(x, Input) else encode(x) for x in inputs]


def layer(name, args, inputs, train=True, **kwargs):
    torch.manual_seed(3)
    tuples = lambda v: tuple(v) if isinstance(v, list) else v
    options = {k: getattr(torch, v) if k == "dtype" else tuples(v) for k, v in kwargs.items()}
    module = getattr(nn, name)(*map(tuples, args), **options)
    module.train(train)
    record = {"layer": name, "args": encode(args), "kwargs": {k: encode(v) for k, v in kwargs.items()}, "train": train, "repr": repr(module)}
    record["before"] = {k: encode(v) for k, v in module.state_dict().items()}
    run(module, inputs, record)
    record["repr_after"] = repr(module)
    record["param_grads"] = {k: encode(p.grad) for k, p in module.named_parameters() if p.grad is not None}
    record["after"] = {k: encode(v) for k, v in module.state_dict().items()}
    cases.append(record)


def both(name, args, inputs, **kwargs):
    """In training and in evaluation."""
    for train in (True, False):
        layer(name, args, inputs, train=train, **kwargs)


def init(name, shape, *args, dtype=torch.float32, **kwargs):
    torch.manual_seed(7)
    t = getattr(nn.init, name)(torch.empty(shape, dtype=dtype), *args, **kwargs)
    cases.append({"init": name, "args": encode(args), "kwargs": {k: encode(v) for k, v in kwargs.items()}, "inputs": [], "outputs": [encode(t)]})


def function(name, inputs, **kwargs):
    record = {"function": name, "kwargs": {k: encode(v) for k, v in kwargs.items()}}
    f = getattr(nn.functional, name)
    run(lambda *xs: f(*xs, **kwargs), inputs, record)
    cases.append(record)


# Embedding
layer("Embedding", [7, 3], [ints(2, 3, high=7)])
layer("Embedding", [7, 3], [ints(2, 3, high=7, dtype=torch.int32, layout="transposed")], padding_idx=-2, dtype="float64")
layer("Embedding", [5, 4], [given(3)], scale_grad_by_freq=True)
layer("Embedding", [5, 4], [given([[1, 1, 2], [0, 1, 4]])], padding_idx=4, scale_grad_by_freq=True)
layer("Embedding", [5, 4], [given([[1, 1, 2], [0, 1, 4]])], padding_idx=0, max_norm=1.5, norm_type=1.0)
layer("Embedding", [5, 2], [given([0, 3, 3])], max_norm=0.7, norm_type=float("inf"))
layer("Embedding", [5, 2], [ints(0, 3)])
function("embedding", [ints(4, high=6), doubles(6, 3, layout="transposed")], padding_idx=1)
function("embedding", [ints(4, high=6), floats(6, 3, layout="gaps").make()[0].to(torch.bfloat16).detach()])

# EmbeddingBag
bags = [given([1, 2, 4, 4, 4, 3, 0, 9]), given([0, 2, 2, 5])]
for mode in ("sum", "mean", "max"):
    layer("EmbeddingBag", [10, 3], [ints(2, 4)], mode=mode)
    layer("EmbeddingBag", [10, 3], bags, mode=mode, dtype="float64")
    layer("EmbeddingBag", [10, 3], bags, mode=mode, padding_idx=4)
    layer("EmbeddingBag", [5, 3], [given([[1, 1], [1, 1]]), None], mode=mode, padding_idx=1)
    layer("EmbeddingBag", [10, 3], [given([1, 2, 4, 4, 4, 3, 0, 9]), given([0, 2, 2, 5, 8])], mode=mode, include_last_offset=True)
    layer("EmbeddingBag", [10, 3], [ints(3, 2, dtype=torch.int32, layout="transposed")], mode=mode, max_norm=1.0, norm_type=1.0)
layer("EmbeddingBag", [10, 3], [*bags, floats(8)], mode="sum", padding_idx=-1)
layer("EmbeddingBag", [10, 3], [ints(2, 3), None, floats(2, 3, layout="transposed")], mode="sum")
for mode in ("sum", "mean"):
    # Each index as often as the others: PyTorch divides by the frequency of another index than the one in question.
    layer("EmbeddingBag", [10, 3], [given([1, 2, 4, 4, 2, 1]), given([0, 2, 2])], mode=mode, scale_grad_by_freq=True)
function("embedding_bag", [given([2, 0, 2, 1]), doubles(3, 2), given([0, 1])], mode="sum", per_sample_weights=torch.tensor([1.5, -2, 0.5, 3], dtype=torch.float64))

# Dropout
for name, shapes in (
    ("Dropout", [(3, 4), (2, 3, 5), ()]),
    ("Dropout1d", [(3, 4), (2, 3, 5)]),
    ("Dropout2d", [(2, 3, 4), (2, 3, 2, 4)]),
    ("Dropout3d", [(2, 3, 4, 2), (2, 3, 2, 2, 2)]),
    ("AlphaDropout", [(3, 4), (2, 3, 5)]),
    ("FeatureAlphaDropout", [(3, 4), (2, 3, 5)]),
):
    for shape in shapes:
        both(name, [], [floats(*shape)])
        layer(name, [0.3], [doubles(*shape, layout="transposed" if len(shape) > 1 else "contiguous")])
        layer(name, [], [floats(*shape, layout="gaps")], p=0.7, inplace=True)
    layer(name, [1.0], [floats(*shapes[-1])])
    layer(name, [0.0], [floats(*shapes[-1])])
for hard in (False, True):
    function("gumbel_softmax", [doubles(3, 4)], tau=0.5, hard=hard)
    function("gumbel_softmax", [floats(3, 4, layout="transposed")], hard=hard, dim=0)
for name in ("alpha_dropout", "feature_alpha_dropout"):
    function(name, [floats(2, 5)])
    function(name, [floats(2, 5)], training=True, p=0.4)



# Normalisation
class RMSNorm(nn.Module):
    """What PyTorch has from 2.4 on."""

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, dtype=None):
        super().__init__()
        self.shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = nn.Parameter(torch.ones(self.shape, dtype=dtype)) if elementwise_affine else None

    def forward(self, x):
        eps = torch.finfo(x.dtype).eps if self.eps is None else self.eps
        y = x * (x * x).mean([-1 - i for i in range(len(self.shape))], keepdim=True).add(eps).rsqrt()
        return y if self.weight is None else y * self.weight

    def extra_repr(self):
        return f"{self.shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


nn.RMSNorm = RMSNorm
for name, shapes in (
    ("BatchNorm1d", [(4, 3), (2, 3, 5)]),
    ("BatchNorm2d", [(2, 3, 4, 2)]),
    ("BatchNorm3d", [(2, 3, 2, 1, 3)]),
):
    for shape in shapes:
        both(name, [3], [floats(*shape)])
        both(name, [3], [doubles(*shape, layout="transposed")], dtype="float64", momentum=None)
        both(name, [3], [doubles(*shape, layout="gaps")], affine=False, eps=0.01, momentum=0.3, dtype="float64")
        both(name, [3], [floats(*shape)], track_running_stats=False)
        both(name, [3, 0.5, 1.0, False, False], [floats(*shape)])
    both(f"Lazy{name}", [], [floats(*shapes[0])])
    both(f"Lazy{name}", [0.1], [doubles(*shapes[0])], dtype="float64", affine=False)
    layer(f"Lazy{name}", [], [floats(*shapes[0])], track_running_stats=False)
for name, shape in (("InstanceNorm1d", (2, 3, 5)), ("InstanceNorm2d", (2, 3, 4, 2)), ("InstanceNorm3d", (2, 3, 2, 1, 3))):
    both(name, [3], [floats(*shape)])
    both(name, [3], [doubles(*shape, layout="transposed")], affine=True, dtype="float64")
    both(name, [3], [doubles(*shape, layout="gaps")], affine=True, track_running_stats=True, eps=0.1, momentum=0.4, dtype="float64")
    both(name, [3], [floats(*shape[1:])], track_running_stats=True)
    both(f"Lazy{name}", [], [floats(*shape)], affine=True, track_running_stats=True)
for affine in (True, False):
    layer("LayerNorm", [5], [floats(2, 3, 5)], elementwise_affine=affine)
    layer("LayerNorm", [[3, 5]], [doubles(2, 3, 5, layout="transposed")], eps=0.1, elementwise_affine=affine, dtype="float64")
    layer("RMSNorm", [5], [floats(2, 3, 5)], elementwise_affine=affine)
    layer("RMSNorm", [[3, 5]], [doubles(2, 3, 5, layout="transposed")], eps=0.1, elementwise_affine=affine, dtype="float64")
    layer("GroupNorm", [2, 6], [floats(2, 6)], affine=affine)
    layer("GroupNorm", [3, 6, 0.1], [doubles(2, 6, 4, 3, layout="gaps")], affine=affine, dtype="float64")
layer("GroupNorm", [1, 4], [doubles(2, 4, 3, layout="transposed")], dtype="float64")
layer("LocalResponseNorm", [2], [floats(2, 5, 3)])
layer("LocalResponseNorm", [3], [doubles(2, 5, 3, 2, layout="transposed")], alpha=0.5, beta=1.5, k=2.0)
layer("LocalResponseNorm", [4, 0.5], [doubles(1, 5, 2, 3, 2)])
# No more channels than neighbours, and no gradient: beyond that, PyTorch's sums are wrong.
layer("CrossMapLRN2d", [5, 0.5, 0.75, 1.0], [doubles(2, 3, 3, 2, layout="transposed", grad=False)])
layer("CrossMapLRN2d", [4, 0.5, 1.5, 2.0], [doubles(2, 2, 3, 2, grad=False)])

# Pooling
shapes = {1: (2, 3, 11), 2: (2, 3, 7, 8), 3: (1, 2, 5, 6, 7)}
for dims, shape in shapes.items():
    some = [3, 2, 2][:dims]
    for indices in (False, True):
        layer(f"MaxPool{dims}d", [2], [floats(*shape)], return_indices=indices)
        layer(f"MaxPool{dims}d", [3, 2, 1], [doubles(*shape, layout="transposed")], return_indices=indices)
        layer(f"MaxPool{dims}d", [some], [doubles(*shape[1:], layout="gaps")], stride=some[::-1], dilation=2, ceil_mode=True, return_indices=indices)
        layer(f"AdaptiveMaxPool{dims}d", [3], [floats(*shape)], return_indices=indices)
        layer(f"AdaptiveMaxPool{dims}d", [some], [doubles(*shape, layout="transposed")], return_indices=indices)
    layer(f"AvgPool{dims}d", [2], [floats(*shape)])
    layer(f"AvgPool{dims}d", [3, 2, 1], [doubles(*shape, layout="transposed")])
    layer(f"AvgPool{dims}d", [some], [doubles(*shape[1:], layout="gaps")], stride=2, padding=1, ceil_mode=True, count_include_pad=False)
    layer(f"AdaptiveAvgPool{dims}d", [3], [floats(*shape)])
    layer(f"AdaptiveAvgPool{dims}d", [some], [doubles(*shape[1:], layout="transposed")])
    if dims > 1:
        layer(f"AvgPool{dims}d", [2], [doubles(*shape)], divisor_override=3)
        layer(f"AdaptiveAvgPool{dims}d", [[None, *some[1:]]], [doubles(*shape)])
        layer(f"AdaptiveMaxPool{dims}d", [[None, *some[1:]]], [doubles(*shape)])
        for indices in (False, True):
            layer(f"FractionalMaxPool{dims}d", [2, some], [floats(*shape)], return_indices=indices)
            layer(f"FractionalMaxPool{dims}d", [some], [doubles(*shape, layout="transposed")], output_ratio=0.5, return_indices=indices)
        layer(f"FractionalMaxPool{dims}d", [2], [floats(*shape)], output_ratio=[0.4, 0.6, 0.5][:dims], _random_samples=floats(*shape[:2], dims, low=0, high=1).data)
    if dims < 3:
        layer(f"LPPool{dims}d", [2, 3], [doubles(*shape, layout="transposed")])
        layer(f"LPPool{dims}d", [3, some if dims > 1 else 3], [doubles(*shape, low=0.1)], stride=2, ceil_mode=True)
    pool = getattr(nn.functional, f"max_pool{dims}d")
    for kernel, stride, size in ((2, None, shape), (3, 2, shape[2:])):
        values, indices = pool(floats(*shape).data, kernel, stride, return_indices=True)
        inputs = [Input(values.double()), Input(indices)]
        layer(f"MaxUnpool{dims}d", [kernel], [*inputs, *([size] if size else [])], **({"stride": stride} if stride else {}))

# Padding
class CircularPad(nn.Module):
    """What PyTorch has from 2.1 on."""

    dims = 0

    def __init__(self, padding):
        super().__init__()
        self.padding = (padding,) * 2 * self.dims if isinstance(padding, int) else padding

    def forward(self, x):
        return nn.functional.pad(x, self.padding, "circular")

    def extra_repr(self):
        return str(self.padding)


for dims, shape in shapes.items():
    setattr(nn, f"CircularPad{dims}d", type(f"CircularPad{dims}d", (CircularPad,), {"dims": dims}))
    constant = getattr(nn, f"ConstantPad{dims}d")
    options = {"__init__": lambda self, padding, base=constant: base.__init__(self, padding, 0.0), "extra_repr": lambda self: str(self.padding)}
    setattr(nn, f"ZeroPad{dims}d", type(f"ZeroPad{dims}d", (constant,), options))  # from 2.1 on in all dimensions
    sides = [1, 2, 0, 1, 2, 1][: 2 * dims]
    for kind in ("Reflection", "Replication", "Circular", "Zero"):
        layer(f"{kind}Pad{dims}d", [1], [floats(*shape)])
        layer(f"{kind}Pad{dims}d", [sides], [doubles(*shape, layout="transposed")])
        if kind != "Circular":
            layer(f"{kind}Pad{dims}d", [sides], [doubles(*shape[1:], layout="gaps")])
    layer(f"ConstantPad{dims}d", [1, 2.5], [floats(*shape)])
    layer(f"ConstantPad{dims}d", [[-1, *sides[1:]], 0.5], [doubles(*shape, layout="transposed")])

# Rearranging and resizing
layer("PixelShuffle", [2], [doubles(2, 8, 3, 2, layout="transposed")])
layer("PixelUnshuffle", [2], [doubles(2, 2, 4, 6, layout="gaps")])
layer("ChannelShuffle", [3], [floats(2, 6, 3, 2, layout="transposed", grad=False)])
for mode, dims in (("nearest", 1), ("nearest", 2), ("nearest", 3), ("linear", 1), ("bilinear", 2), ("bicubic", 2), ("trilinear", 3)):
    shape = (2, 3, 4, 5, 3)[: dims + 2]
    layer("Upsample", [], [doubles(*shape)], scale_factor=2.5, mode=mode)
    layer("Upsample", [], [doubles(*shape, layout="transposed")], size=[7, 3, 5][:dims], mode=mode)
    if mode != "nearest":
        layer("Upsample", [], [doubles(*shape)], scale_factor=[2.0, 1.5, 3.0][:dims], mode=mode, align_corners=True)
        layer("Upsample", [], [doubles(*shape)], scale_factor=1.7, mode=mode, recompute_scale_factor=True)
for name in ("UpsamplingNearest2d", "UpsamplingBilinear2d"):
    layer(name, [5], [doubles(2, 3, 4, 3, layout="transposed")])
    layer(name, [], [doubles(2, 3, 4, 3)], scale_factor=2.0)
layer("Unfold", [2], [doubles(2, 3, 4, 5, layout="transposed")])
layer("Unfold", [[2, 3]], [doubles(3, 5, 6, layout="gaps")], dilation=[2, 1], padding=1, stride=[1, 2])
layer("Fold", [[4, 5], 2], [doubles(2, 12, 12, layout="transposed")])
layer("Fold", [5, [2, 3]], [doubles(1, 6, 15)], dilation=[2, 1], padding=1, stride=[1, 2])

# Two inputs
for p in (1.0, 2.0, 0.0, 3.0, math.inf):
    layer("PairwiseDistance", [p], [doubles(4, 3), doubles(4, 3, layout="transposed")], keepdim=p == 2)
layer("CosineSimilarity", [], [floats(4, 3), floats(4, 3)])
layer("CosineSimilarity", [2, 0.1], [doubles(2, 4, 3), doubles(4, 3, layout="transposed")])
layer("Bilinear", [3, 4, 5], [floats(2, 3), floats(2, 4)])
layer("Bilinear", [3, 4, 5], [doubles(2, 3, 3, layout="transposed"), doubles(2, 3, 4)], dtype="float64", bias=False)

# Activations
for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish"):
    make = floats if name == "Hardsigmoid" else doubles  # PyTorch's 1/6 is a float32 also among float64
    layer(name, [], [make(3, 4, low=-5, high=7, layout="transposed")])
    layer(name, [True], [floats(3, 4)])
for name in ("Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink", "GELU", "Softplus", "Hardshrink", "Softshrink", "Hardtanh"):
    layer(name, [], [doubles(3, 4, layout="gaps")])
for name in ("ELU", "CELU", "LeakyReLU"):
    layer(name, [], [floats(3, 4)])
    layer(name, [0.5, True], [doubles(3, 4, layout="transposed")])
layer("GELU", ["tanh"], [floats(3, 4)])
layer("Softplus", [2, 1], [floats(3, 4)])
layer("Hardshrink", [1.0], [floats(3, 4)])
layer("Softshrink", [1.0], [floats(3, 4)])
layer("Hardtanh", [-0.5, 1.5, True], [floats(3, 4)])
layer("Threshold", [0.5, -1.5], [floats(3, 4)])
layer("Threshold", [0.5, -1.5, True], [floats(3, 4)])
for name in ("Softmax", "LogSoftmax", "Softmin"):
    layer(name, [0], [floats(3, 4)])
    layer(name, [], [doubles(2, 3, 4, layout="transposed")], dim=-1)
    layer(name, [], [doubles(3, 4)])
layer("Softmax2d", [], [doubles(2, 3, 4, 2, layout="transposed")])
layer("Softmax2d", [], [floats(3, 4, 2)])
layer("GLU", [], [doubles(3, 4)])
layer("GLU", [1], [doubles(3, 4, 2, layout="transposed")])
layer("PReLU", [], [floats(3, 4)])
layer("PReLU", [4, 0.1], [doubles(3, 4, 2, layout="transposed")], dtype="float64")
both("RReLU", [], [floats(3, 4)])
both("RReLU", [0.5, 1.0], [doubles(3, 4, layout="gaps")])
both("RReLU", [], [doubles(3, 4)], inplace=True)

# Losses
reductions = ("none", "mean", "sum")
weights = floats(4, low=0.2).data
for reduction in reductions:
    for name in ("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss"):
        layer(name, [], [doubles(3, 4, layout="transposed"), doubles(3, 4)], reduction=reduction)
    layer("SmoothL1Loss", [], [floats(3, 4), floats(3, 4)], reduction=reduction, beta=0.0)
    layer("HuberLoss", [], [floats(3, 4), floats(3, 4)], reduction=reduction, delta=0.5)
    layer("NLLLoss", [], [doubles(3, 4), ints(3, high=4)], reduction=reduction)
    layer("NLLLoss2d", [weights], [floats(2, 4, 3, 2), ints(2, 3, 2, high=4)], reduction=reduction, ignore_index=1)
    layer("CrossEntropyLoss", [], [doubles(3, 4, layout="transposed"), ints(3, high=4)], reduction=reduction)
    layer("CrossEntropyLoss", [weights], [floats(2, 4, 3), ints(2, 3, high=4)], reduction=reduction, label_smoothing=0.2, ignore_index=2)
    layer("CrossEntropyLoss", [weights], [floats(3, 4), floats(3, 4, low=0, high=1)], reduction=reduction, label_smoothing=0.1)
    layer("CrossEntropyLoss", [], [floats(4), given(2)], reduction=reduction)
    layer("BCELoss", [], [doubles(3, 4, low=0, high=1, layout="transposed"), doubles(3, 4, low=0, high=1, grad=False)], reduction=reduction)
    layer("BCELoss", [weights], [floats(3, 4, low=0, high=1), floats(3, 4, low=0, high=1, grad=False)], reduction=reduction)
    layer("BCEWithLogitsLoss", [], [doubles(3, 4, layout="gaps"), doubles(3, 4, low=0, high=1, grad=False)], reduction=reduction)
    layer("BCEWithLogitsLoss", [weights], [floats(3, 4), floats(3, 4, low=0, high=1, grad=False)], reduction=reduction, pos_weight=weights)
    layer("PoissonNLLLoss", [], [doubles(3, 4), doubles(3, 4, low=0, high=5, grad=False)], reduction=reduction)
    layer("PoissonNLLLoss", [False, True], [doubles(3, 4, low=0.1), doubles(3, 4, low=0, high=5, grad=False)], reduction=reduction, eps=0.01)
    for full in (False, True):
        layer("GaussianNLLLoss", [], [doubles(3, 4), doubles(3, 4), doubles(3, 4, low=0.1)], reduction=reduction, full=full)
        layer("GaussianNLLLoss", [], [doubles(3, 4), doubles(3, 4), doubles(3, 1, low=0.1)], reduction=reduction, full=full, eps=0.5)
    layer("SoftMarginLoss", [], [doubles(3, 4), given([[1, -1, 1, -1]] * 3, torch.float64, grad=False)], reduction=reduction)
    layer("HingeEmbeddingLoss", [0.5], [doubles(3, 4), given([[1, -1, 1, -1]] * 3, torch.float64, grad=False)], reduction=reduction)
    layer("MarginRankingLoss", [0.5], [doubles(4), doubles(4), given([1, -1, 1, -1])], reduction=reduction)
    layer("CosineEmbeddingLoss", [0.2], [doubles(4, 3), doubles(4, 3, layout="transposed"), given([1, -1, 1, -1])], reduction=reduction)
    layer("MultiLabelMarginLoss", [], [doubles(2, 4), given([[3, 0, -1, 1], [1, -1, 0, 0]])], reduction=reduction)
    layer("MultiLabelSoftMarginLoss", [], [floats(2, 4), given([[1, 0, 0, 1], [1, 1, 0, 0]], torch.float32, grad=False)], weight=weights, reduction=reduction)
    layer("MultiMarginLoss", [], [doubles(3, 4), ints(3, high=4)], reduction=reduction)
    layer("MultiMarginLoss", [2, 0.5, weights], [floats(3, 4), ints(3, high=4)], reduction=reduction)
    layer("TripletMarginLoss", [], [doubles(4, 3), doubles(4, 3), doubles(4, 3)], reduction=reduction)
    layer("TripletMarginLoss", [2.0, 1.0, 0.01, True], [doubles(4, 3), doubles(4, 3), doubles(4, 3)], reduction=reduction)
    layer("TripletMarginWithDistanceLoss", [], [doubles(4, 3), doubles(4, 3), doubles(4, 3)], swap=True, margin=2.0, reduction=reduction)
    chances = Input(doubles(6, 2, 4).data.log_softmax(-1))
    layer("CTCLoss", [], [chances, given([[1, 2, 2], [3, 1, 0]]), given([6, 5]), given([3, 2])], reduction=reduction)
    layer("CTCLoss", [3], [chances, given([1, 2, 2, 0, 1, 0, 2]), given([3, 5]), given([3, 4])], zero_infinity=True, reduction=reduction)
for reduction in (*reductions, "batchmean"):
    layer("KLDivLoss", [], [doubles(3, 4, layout="transposed"), doubles(3, 4, low=0.1, high=1)], reduction=reduction)
    layer("KLDivLoss", [], [doubles(3, 4), doubles(3, 4)], reduction=reduction, log_target=True)
layer("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10]], [floats(5, 8), given([0, 5, 19, 3, 10])])
layer("AdaptiveLogSoftmaxWithLoss", [8, 20, [4, 10, 15]], [doubles(5, 8, layout="transposed"), given([0, 3, 19, 3, 10])], div_value=2.0, head_bias=True, dtype="float64")
layer("AdaptiveLogSoftmaxWithLoss", [8, 20, [4]], [floats(8), given(7)])

# First values
for shape in ((5, 6), (6, 4), (4, 3, 2, 3)):
    for dtype in (torch.float32, torch.float64):
        init("uniform_", shape, -1.0, 2.5, dtype=dtype)
        init("normal_", shape, dtype=dtype, mean=1.0, std=0.5)
        init("trunc_normal_", shape, dtype=dtype, std=0.5, a=-0.6, b=0.9)
        init("xavier_uniform_", shape, 1.5, dtype=dtype)
        init("xavier_normal_", shape, dtype=dtype)
        init("kaiming_uniform_", shape, 0.2, "fan_out", dtype=dtype)
        init("kaiming_normal_", shape, dtype=dtype, nonlinearity="relu")
        init("kaiming_normal_", shape, dtype=dtype, nonlinearity="tanh", mode="fan_out")
        init("orthogonal_", shape, 1.5, dtype=dtype)
    init("constant_", shape, 2.5)
    init("ones_", shape)
    init("zeros_", shape)
init("eye_", (3, 5))
init("sparse_", (5, 6), 0.3)
init("sparse_", (7, 3), sparsity=0.5, std=2.0, dtype=torch.float64)
init("dirac_", (4, 2, 3))
init("dirac_", (4, 2, 3, 3), 2)
init("dirac_", (6, 2, 3, 2, 3), groups=3)
for nonlinearity in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
    gain = nn.init.calculate_gain(nonlinearity)
    cases.append({"init": "calculate_gain", "args": [nonlinearity], "kwargs": {}, "inputs": [], "outputs": [encode(torch.tensor(gain, dtype=torch.float64))]})

out = pathlib.Path(__file__).with_name("golden.json.gz")
out.write_bytes(gzip.compress(json.dumps({"torch": torch.__version__, "cases": cases}, separators=(",", ":")).encode(), 9, mtime=0))
print(f"{len(cases)} cases")
