#!/usr/bin/env python3
"""What PyTorch's operators give for the samples of PyTorch's own operator database (OpInfo).

    python3 test/golden/opinfo.py              # writes test/golden/opinfo.json.gz
    python3 test/golden/opinfo.py NAME…        # the same for these operators only; the others stay as they are

For each operator, in each dtype, a few of the database's samples, with the result; in float32, float64 and complex128 the gradients
for random gradients of the results, and in float64 the gradients of those. `dtypes` are those that PyTorch takes on CPU.

Values: a tensor `{"t": dtype, "s": shape, "d": base64 of its little-endian bytes, "g": whether it requires grad}`, an int `{"i": "3"}`,
a float `{"f": "0.5"}`, a complex `{"c": [re, im]}`, a list `[…]`, a dtype `{"dtype": name}`, a slice `{"slice": [a, b, c]}`,
`{"ellipsis": true}`; null, bools and strings as they are. To sample an operator that the database lacks, add it to MORE.
"""
import base64
import gzip
import json
import pathlib
import random
import signal
import sys
import types
import unittest
import warnings

import numpy as np
import torch

warnings.filterwarnings("ignore")
# The database's module imports a test library that it does not need here.
sys.modules.setdefault("expecttest", types.SimpleNamespace(TestCase=unittest.TestCase, ACCEPT=False))
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.testing._internal.common_dtype import all_types_and_complex_and, floating_and_complex_types, floating_types, floating_types_and  # noqa: E402
from torch.testing._internal.opinfo.core import OpInfo, SampleInput  # noqa: E402
from torch.testing import make_tensor  # noqa: E402

torch.set_num_threads(1)
COUNTS = {"float64": 4, "float32": 3, "complex128": 2, "complex64": 1, "bfloat16": 1, "float16": 1, "int64": 2, "int32": 1, "int16": 1, "int8": 1, "uint8": 1, "bool": 1}
DIFFERENTIATED = ("float32", "float64", "complex128")
ALSO_LARGE = ("float64", "float32", "complex128", "bfloat16", "int64", "bool")
SMALL = 160  # elements of all inputs: smaller samples come first
LARGEST = 4000  # of the inputs, or of the results: larger ones are left out


def removed(op):
    """What is not part of the public interface, or not of PyTorch 2."""
    name = op.name
    return name.startswith(("_refs.", "ops.", "nn.functional._", "special.special_", "jiterator_")) or name in REMOVED


# `stft` here leaves out return_complex, which PyTorch 2 wants: MORE has it.
REMOVED = {"stft", "empty", "empty_like", "new_empty", "new_empty_strided", "empty_strided", "chalf", "cfloat", "cdouble", "slice", "symeig", "segment_reduce"}


def stft_samples(op, device, dtype, requires_grad, **_):
    real = torch.float32 if dtype in (torch.float32, torch.complex64) else torch.float64
    window = torch.rand(6, dtype=real) + 0.5
    for shape, kwargs in [
        ([12], dict(hop_length=2, return_complex=True)),
        ([2, 13], dict(window=window, center=False, return_complex=True, onesided=False)),
        ([2, 12], dict(win_length=4, window=window[:4], normalized=True, pad_mode="constant", return_complex=False, onesided=False)),
    ]:
        yield SampleInput(torch.randn(shape, dtype=dtype).requires_grad_(requires_grad), args=(6,), kwargs=kwargs)


def kron_samples(op, device, dtype, requires_grad, **_):
    for a, b in [([2, 3], [3, 2]), ([2], [3, 1, 2]), ([], [3]), ([0, 2], [2, 2])]:
        yield SampleInput(make_tensor(a, dtype=dtype, device=device, requires_grad=requires_grad), args=(make_tensor(b, dtype=dtype, device=device, requires_grad=requires_grad),))


def slice_scatter_samples(op, device, dtype, requires_grad, **_):
    make = lambda *shape: make_tensor(shape, dtype=dtype, device=device, requires_grad=requires_grad)
    for args in [(make(4, 2), 0, 0, 4, 1), (make(2, 2), 0, 1, 3), (make(4, 1), 1, -1), (make(2, 2), 0, 0, 4, 2), (make(0, 2), 0, 3, 2)]:
        yield SampleInput(make(4, 2), args=args)


def ctc_loss_samples(op, device, dtype, requires_grad, **_):
    targets = torch.tensor([[1, 2, 2], [3, 1, 0]])
    for reduction in ("none", "sum", "mean"):
        for blank in (0, 2):
            given = torch.where(targets == blank, 3, targets)
            log_probs = torch.randn(6, 2, 4, dtype=dtype).log_softmax(2).requires_grad_(requires_grad)
            yield SampleInput(log_probs, args=(given, torch.tensor([6, 5]), torch.tensor([3, 2])), kwargs=dict(blank=blank, reduction=reduction))


def window_samples(op, device, dtype, requires_grad, **_):
    own = {"hamming_window": [(0.5, 0.4)], "kaiser_window": [(5.0,)]}.get(op.name, [])
    for args in [(), (True,), (False,), *((True, *more) for more in own)]:
        for length in (6, 1, 0):
            yield SampleInput(length, args=args, kwargs=dict(dtype=dtype))


def cumulative_samples(op, device, dtype, requires_grad, **_):
    for shape, dim in [([3], 0), ([2, 3], 1), ([2, 3], -2), ([], 0), ([0, 2], 0)]:
        yield SampleInput(make_tensor(shape, dtype=dtype, device=device, requires_grad=requires_grad), args=(dim,))


def fake_quantize_samples(op, device, dtype, requires_grad, **_):
    for shape, args in [([2, 3], (0.3, 3, 0, 20)), ([5], (0.05, 0, -128, 127)), ([], (1.5, 7, 0, 15)), ([4, 2], (0.1, -2, -8, 7)), ([0, 2], (1.0, 0, 0, 1))]:
        yield SampleInput(make_tensor(shape, dtype=dtype, device=device, requires_grad=requires_grad), args=args)
    qparams = (torch.tensor(0.25), torch.tensor(2, dtype=torch.int32), 0, 9)
    yield SampleInput(make_tensor([2, 2], dtype=dtype, device=device, requires_grad=requires_grad), args=qparams)


def straight_through(op):
    """Marks an operator whose gradient, on purpose, is not its derivative: it goes up in steps, and passes gradients on."""
    op.is_straight_through = True
    return op


WINDOWS = ("hann_window", "hamming_window", "blackman_window", "bartlett_window", "kaiser_window")

MORE = [
    straight_through(OpInfo("fake_quantize_per_tensor_affine", dtypes=floating_types_and(torch.float16), supports_out=False, sample_inputs_func=fake_quantize_samples)),
    *(OpInfo(name, dtypes=floating_types(), supports_autograd=False, supports_out=False, sample_inputs_func=window_samples) for name in WINDOWS),
    *(OpInfo(name, variant_test_name="small", dtypes=floating_and_complex_types(), supports_out=False, sample_inputs_func=cumulative_samples) for name in ("cumsum", "cumprod")),
    OpInfo("kron", variant_test_name="small", dtypes=all_types_and_complex_and(torch.bool, torch.float16, torch.bfloat16), supports_out=False, sample_inputs_func=kron_samples),
    OpInfo("slice_scatter", variant_test_name="small", dtypes=all_types_and_complex_and(torch.bool, torch.float16, torch.bfloat16), supports_out=False, sample_inputs_func=slice_scatter_samples),
    OpInfo("nn.functional.ctc_loss", variant_test_name="small", dtypes=floating_types(), supports_out=False, sample_inputs_func=ctc_loss_samples),
    OpInfo("stft", variant_test_name="options", dtypes=floating_and_complex_types(), supports_out=False, sample_inputs_func=stft_samples),
]


def name_of(dtype):
    return str(dtype)[6:]


class Unencodable(Exception):
    pass


def encode(value, leaves=None):
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided:
            raise Unencodable("layout")
        x = value.detach().resolve_conj().resolve_neg().contiguous()
        data = (x.view(torch.int16) if x.dtype == torch.bfloat16 else x).numpy().tobytes()
        record = {"t": name_of(x.dtype), "s": list(x.shape), "d": base64.b64encode(data).decode()}
        if leaves is not None and value.requires_grad:
            leaves.append(value)
            record["g"] = True
        return record
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [encode(item, leaves) for item in value]
    if isinstance(value, (int, np.integer)):
        return {"i": str(int(value))}
    if isinstance(value, (float, np.floating)):
        return {"f": repr(float(value))}
    if isinstance(value, complex):
        return {"c": [repr(value.real), repr(value.imag)]}
    if isinstance(value, torch.dtype):
        return {"dtype": name_of(value)}
    if isinstance(value, torch.device):
        return "cpu"
    if isinstance(value, slice):
        return {"slice": [encode(part) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    raise Unencodable(str(type(value)))


def tensors(value):
    if isinstance(value, torch.Tensor):
        return [value]
    return [t for item in value for t in tensors(item)] if isinstance(value, (list, tuple)) else []


def size_of(sample):
    return sum(t.numel() for t in tensors([sample.input, *sample.args, *sample.kwargs.values()]))


def gradients(results, leaves, generator, second):
    """Gradients for random gradients of the results, and of those the same again."""
    results = [t for t in results if t.requires_grad]
    if not leaves or not results:
        return None
    seeds = [torch.randn(t.shape, dtype=t.dtype, generator=generator) for t in results]
    try:
        grads = torch.autograd.grad(results, leaves, seeds, allow_unused=True, create_graph=second)
    except (RuntimeError, NotImplementedError):
        return None
    record = {"seeds": encode(seeds), "grads": encode(list(grads))}
    on = [i for i, g in enumerate(grads) if second and g is not None and g.requires_grad]
    if on:
        inner = gradients([grads[i] for i in on], leaves, generator, False)
        if inner is not None:
            record["second"] = {"on": on, **inner}
    return record


def case_of(op, sample, dtype, generator):
    leaves = []
    call = {"input": encode(sample.input, leaves), "args": [encode(a, leaves) for a in sample.args], "kwargs": {k: encode(v, leaves) for k, v in sample.kwargs.items()}}
    if size_of(sample) > LARGEST:
        raise Unencodable("size")
    torch.manual_seed(42)
    out = op.op(sample.input, *sample.args, **sample.kwargs)
    if sum(t.numel() for t in tensors(out)) > LARGEST:
        raise Unencodable("size")
    record = {"dtype": name_of(dtype), **call, "output": encode(out)}
    derived = gradients(tensors(out), leaves, generator, dtype == torch.float64 and op.supports_gradgrad)
    return record if derived is None else {**record, **derived}


class Slow(Exception):
    pass


def out_of_time(*_):
    raise Slow


signal.signal(signal.SIGALRM, out_of_time)


def record_of(op):
    full = op.name + ("/" + op.variant_test_name if op.variant_test_name else "")
    supported = op.supported_dtypes("cpu")
    cases = []
    for dtype_name, count in COUNTS.items():
        dtype = getattr(torch, dtype_name)
        if dtype not in supported:
            continue
        rng = random.Random(f"{full} {dtype_name}")
        torch.manual_seed(rng.randrange(1 << 30))
        np.random.seed(rng.randrange(1 << 30))
        random.seed(rng.randrange(1 << 30))
        differentiated = dtype_name in DIFFERENTIATED and op.supports_autograd and dtype in op.supported_backward_dtypes("cpu")
        signal.alarm(20)
        try:
            samples = list(op.sample_inputs("cpu", dtype, requires_grad=differentiated))
            rng.shuffle(samples)
            samples.sort(key=lambda sample: max(size_of(sample), SMALL))
            generator = torch.Generator().manual_seed(rng.randrange(1 << 30))
            found = []
            for sample in samples:
                # Of large ones one does, and not in every dtype.
                if size_of(sample) > SMALL and (found or dtype_name not in ALSO_LARGE):
                    break
                try:
                    found.append(case_of(op, sample, dtype, generator))
                except (Unencodable, RuntimeError, TypeError, ValueError, IndexError):
                    continue  # too large, or without a kernel here
                if len(found) == count:
                    break
            cases += found
        except (Slow, RuntimeError, TypeError):
            pass
        finally:
            signal.alarm(0)
    record = {"op": op.name, "variant": op.variant_test_name or "", "dtypes": sorted(name_of(d) for d in supported if name_of(d) in COUNTS), "cases": cases}
    return {**record, "straightThrough": True} if getattr(op, "is_straight_through", False) else record


def main():
    path = pathlib.Path(__file__).with_name("opinfo.json.gz")
    ops = [*(op for op in op_db if not removed(op)), *MORE]
    names = sys.argv[1:] or [op.name for op in ops]
    kept = json.loads(gzip.decompress(path.read_bytes()))["ops"] if len(sys.argv) > 1 else []
    made = [record_of(op) for op in ops if op.name in names]
    records = [*(r for r in kept if r["op"] not in names), *(r for r in made if r["cases"])]
    text = json.dumps({"torch": torch.__version__, "ops": records}, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{path}: {len(records)} operators, {sum(len(r['cases']) for r in records)} cases, {path.stat().st_size / 1e6:.1f} MB")


main()
