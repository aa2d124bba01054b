#!/usr/bin/env python3
"""What PyTorch's pointwise operators give: values by dtype, refusals, gradients, and the names of their nodes.

    python3 test/golden/pointwise.py        # writes test/golden/pointwise.json.gz

A case is one call. Its tensors are named in `pool`, which has a list for floats and one for integers and bools each, so
that one case serves all dtypes. Results are raw little-endian bytes in base64. Where PyTorch refuses a dtype, the result
is null. float16 is left out: CPU kernels of many operators lack it in the version used here.
"""
import base64
import gzip
import json
import pathlib
import warnings

import torch

warnings.simplefilter("ignore")
INF, NAN = float("inf"), float("nan")
DTYPES = ["float32", "float64", "bfloat16", "int64", "int32", "uint8", "bool"]

edge = [0.0, -0.0, 1, -1, 0.5, -0.5, 0.25, -0.75, 1.5, 2.5, -2.5, 3, -3, 6, 0.01, -0.01, 1e-6, 10.25, -10.25, 20, -20.5, 70.0, -70.0, 88.0, -103.0, 500.0, -500.0, 1e10, INF, -INF, NAN]
few = [0.0, -0.0, 1, -1, 0.5, 2.5, -3, 7.25, -100, 1e20, INF, -INF, NAN]
ints = [0, 1, 2, 3, 5, 7, 13, 100]
signed = [0, 1, -1, 2, -3, 7, -8, 100]
pairs = lambda xs, ys: ([x for x in xs for _ in ys], [y for _ in xs for y in ys])


def entry(floats, integers, bools=(0, 1)):
    length = len(floats)
    fill = lambda xs: [xs[i % len(xs)] for i in range(length)]
    return {"float": floats, "int": fill(integers), "bool": fill(list(bools))}


fa, fb = pairs(few, few)
ia, ib = pairs(signed + [50], signed + [50])
na, nb = pairs(signed + [50], [1, 2, 3, 7, -1, -2, -3, -50])
zs, zq = pairs([-3.0, 0, 0.5, 1, 1.5, 2, 3, 10, INF, NAN], [-100.0, -3, -2.5, -0.5, -1e-3, -0.0, 0, 1e-3, 0.5, 1, 7.25, 1e20, INF, -INF, NAN])
zs, zq = zip(*[(s, q) for s, q in zip(zs, zq) if not (s == INF and q > 1)])  # 0; PyTorch gives NaN
iz, iq = pairs([-1, 0, 1, 2, 3, 10], [-3, 0, 1, 2, 7])
pa, pn = pairs(few, [-1.0, -0.5, 0, 1, 2.7, 5, -INF, INF, NAN])
ja, jn = pairs(signed, [0, 1, 2, 5])
pool = {
    "x": entry(edge, signed),
    "a": entry(fa, ia, (0, 0, 1, 1)),
    "b": entry(fb, ib, (0, 1, 0, 1)),
    "dividend": entry(fa, na),
    "divisor": entry(fb, nb, (1, 1)),
    "shift": entry(fb, [0, 1, 2, 3, 5, 6]),
    # Without -inf and NaN: PyTorch's formula gives NaN where an endpoint is infinite, in ways that differ by version.
    "from": entry([0.0, 1, -2, 3.5, 100, 1e-3], signed),
    "to": entry([1.0, -1, 5, 3.5, -100, 1e3], signed),
    "weight": entry([0.0, 0.25, 0.5, 0.75, 1, -1.5], signed),
    # For operators whose infinities and NaN changed with PyTorch's versions.
    "finite": entry([x for x in edge if x == x and abs(x) != INF], signed),
    "signs": entry([2.0 if x != x else x for x in fb], ib, (0, 1, 0, 1)),
    # Where PyTorch 1.13 has the digits of Bessel's and Airy's functions.
    "near": entry([0.0, -0.0, 1e-10, -1e-10, 1e-3, -1e-3, 0.3, -0.3, 0.5, 1, -1, 1.5, -1.5, 2, -2, INF, -INF, NAN], [0, 1, 2]),
    "positive": entry([0.75, 1, 1.5, 2, 2.5, 10.25, 100, 1e10, INF, NAN], [1, 2, 3, 5, 7, 13, 100], (1, 1)),
    "s": entry(zs, iz),
    "q": entry(zq, iq),
    "argument": entry(pa, ja),
    "degree": entry(pn, jn),
    "mask": {"mask": [1, 0, 0]},
}

UNARY = """abs neg sign sgn square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sigmoid logit sin cos tan asin acos
atan sinh cosh tanh asinh acosh atanh sinc deg2rad rad2deg floor ceil round trunc frac isnan isinf isfinite isposinf isneginf
logical_not bitwise_not erf erfc erfinv lgamma digamma i0 nan_to_num relu selu celu hardshrink signbit angle isreal
special.i0e special.i1 special.i1e special.entr special.erfcx special.ndtr special.ndtri special.log_ndtr
special.modified_bessel_i0 special.modified_bessel_i1 special.modified_bessel_k0 special.modified_bessel_k1
special.scaled_modified_bessel_k0 special.scaled_modified_bessel_k1 special.spherical_bessel_j0"""
NEAR = "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1"
POLYNOMIALS = "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p"
ACTIVATIONS = """relu relu6 leaky_relu elu selu celu gelu silu mish softplus hardtanh hardsigmoid hardswish hardshrink
tanhshrink softsign logsigmoid"""
BINARY = """add sub mul div true_divide maximum minimum fmax fmin hypot atan2 nextafter logaddexp logaddexp2 xlogy
eq ne lt le gt ge isclose logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor clamp_min clamp_max rsub
gcd lcm igamma igammac special.xlog1py"""
# Where the second operand may be a number.
WITH_NUMBER = "add sub mul div true_divide rsub copysign xlogy eq ne lt le gt ge clamp_min clamp_max"
FROM_NUMBER = "add sub mul div xlogy"
DIVISIONS = "floor_divide remainder fmod"

# Gradients that are not asked of this version.
NO_GRADIENT = {
    "sgn": "NaN for real numbers; zero in PyTorch 2",
    "digamma": "polygamma(1, x) is right to 11 digits only",
    "special.i1": "0.5 for NaN",
    "special.i1e": "0.5 for NaN",
    "special.log_ndtr": "right to 11 digits only, NaN at -inf",
    "nn.functional.hardsigmoid": "multiplies by a sixth in float32",
}

F = "nn.functional."
T = lambda name: {"tensor": name}
calls = []
call = lambda op, *args, **kwargs: calls.append((op, args, kwargs))

for op in UNARY.split():
    call(op, T("x"))
for op in ACTIVATIONS.split():
    call(F + op, T("x"))
for op in BINARY.split():
    call(op, T("a"), T("b"))
for op in NEAR.split():
    call("special." + op, T("near"))
for op in POLYNOMIALS.split():
    call("special." + op, T("argument"), T("degree"))
    if op.startswith("chebyshev"):
        call("special.shifted_" + op, T("argument"), T("degree"))
call("special.zeta", T("s"), T("q"))
for n in (0, 2, 3):
    call("polygamma", n, T("x"))
call("mvlgamma", T("positive"), 2)
for op in WITH_NUMBER.split():
    call(op, T("x"), 2)
    call(op, T("x"), -1.5)
for op in FROM_NUMBER.split():
    call(op, 3, T("x"))
for op in DIVISIONS.split():
    call(op, T("dividend"), T("divisor"))
    call(op, T("x"), 3)
    call(op, T("x"), -2.5)
for mode in ("floor", "trunc"):
    call("div", T("dividend"), T("divisor"), rounding_mode=mode)
    call("div", T("x"), 3, rounding_mode=mode)
call("remainder", 7, T("divisor"))
call("pow", T("a"), T("b"))
call("copysign", T("a"), T("signs"))
call(F + "softshrink", T("finite"))
call("pow", T("finite"), -0.5)
for exponent in (0, 1, 2, 3, 0.5, -1, -2, 2.5, 4):
    call("pow", T("x"), exponent)
call("pow", 2, T("x"))
call("pow", -1.5, T("x"))
call("bitwise_left_shift", T("a"), T("shift"))
call("bitwise_right_shift", T("a"), T("shift"))
call("bitwise_and", T("x"), 6)
call("heaviside", T("a"), T("b"))
for op in ("add", "sub", "rsub"):
    call(op, T("a"), T("b"), alpha=2)
    call(op, T("x"), 2, alpha=-3)
call("addcmul", T("from"), T("to"), T("weight"))
call("addcmul", T("from"), T("to"), T("weight"), value=2)
call("addcdiv", T("from"), T("to"), T("weight"))
call("addcdiv", T("from"), T("to"), T("weight"), value=-0.5)
call("lerp", T("from"), T("to"), T("weight"))
call("lerp", T("from"), T("to"), 0.25)
call("lerp", T("from"), T("to"), 0.75)
call("clamp", T("x"), 1, 2)
call("clamp", T("x"), -1.5, 2.5)
call("clamp", T("x"), 3, 1)
call("clamp", T("x"), min=0)
call("clamp", T("x"), max=1)
call("clamp", T("from"), T("to"), T("weight"))
call("clamp", T("a"), T("b"))
call("round", T("x"), decimals=2)
call("round", T("x"), decimals=-1)
call("logit", T("x"), 0.1)
call("nan_to_num", T("x"), 1.5, 8, -9)
call("isclose", T("a"), T("b"), 0.5, 1.0, True)
call("where", T("mask"), T("x"), T("x"))
call("where", T("mask"), T("x"), 2)
call("where", T("mask"), 2.5, T("x"))
call("masked_fill", T("x"), T("mask"), 2)
call(F + "gelu", T("x"), approximate="tanh")
call(F + "softplus", T("x"), beta=2, threshold=1.5)
call(F + "elu", T("x"), alpha=1.5)
call(F + "celu", T("x"), alpha=1.5)
call(F + "leaky_relu", T("x"), 0.2)
call(F + "hardtanh", T("x"), 0, 2)
call(F + "hardshrink", T("x"), 1.0)
call(F + "softshrink", T("finite"), 1.0)
call(F + "threshold", T("x"), 1, 20)
call("threshold", T("x"), 0.5, -2)


def find(path):
    f = torch
    for part in path.split("."):
        f = getattr(f, part, None)
    return f or getattr(torch.Tensor, path)


def tensor(name, dtype, length):
    lists = pool[name]
    if "mask" in lists:
        return torch.tensor([lists["mask"][i % 3] for i in range(length)], dtype=torch.bool)
    kind = "float" if dtype.startswith(("float", "bfloat")) else "bool" if dtype == "bool" else "int"
    return torch.tensor(lists[kind], dtype=torch.float64).to(getattr(torch, dtype)) if kind != "int" else torch.tensor(lists[kind]).to(getattr(torch, dtype))


def encode(t):
    t = t.detach()
    if t.dtype == torch.bfloat16:
        t = t.view(torch.int16)
    return base64.b64encode(t.contiguous().numpy().tobytes()).decode()


def number(x):
    return x if not isinstance(x, float) or x == x and abs(x) != INF else str(x)


cases = []
for op, args, kwargs in calls:
    f = find(op)
    names = [a["tensor"] for a in args if isinstance(a, dict)]
    length = max(len(pool[n]["float"]) for n in names if n != "mask")
    results = {}
    node, grads = None, None
    for dtype in DTYPES:
        if dtype == "bfloat16" and (kwargs == {"approximate": "tanh"} or op == "special.i0e"):
            continue  # rounds at every step: wrong in the second digit
        inputs = [tensor(a["tensor"], dtype, length) if isinstance(a, dict) else a for a in args]
        leaves = [x.requires_grad_() for x in inputs if isinstance(x, torch.Tensor) and x.is_floating_point()]
        try:
            out = f(*inputs, **kwargs)
        except (RuntimeError, TypeError) as error:
            if "not implemented for 'BFloat16'" not in str(error):  # a gap that later versions fill
                results[dtype] = None
            continue
        results[dtype] = {"dtype": str(out.dtype)[6:], "data": encode(out)}
        if dtype != "float64" or not out.requires_grad or op in NO_GRADIENT:
            continue
        if op == "remainder" and not isinstance(args[0], dict):
            continue  # has none
        if op == "polygamma" and args[0] in (0, 3):
            continue  # right to 9 digits only
        node = out.grad_fn.name().split("::")[-1]
        try:
            grads = [encode(g) for g in torch.autograd.grad(out, leaves, torch.full_like(out, 1.5))]
        except RuntimeError:
            grads = "missing"
    cases.append({"op": op, "args": [a if isinstance(a, dict) else {"number": a} for a in args], "kwargs": kwargs, "node": node, "grads": grads, "results": results})

golden = {
    "torch": torch.__version__,
    "pool": {name: {kind: [number(x) for x in xs] for kind, xs in lists.items()} for name, lists in pool.items()},
    "cases": cases,
}
path = pathlib.Path(__file__).with_suffix(".json.gz")
path.write_bytes(gzip.compress(json.dumps(golden, separators=(",", ":")).encode(), 9, mtime=0))
print(f"{path}: {len(cases)} cases, {path.stat().st_size / 1024:.0f} KB")
