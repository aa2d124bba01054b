#!/usr/bin/env python3
"""Parameters and states after steps of PyTorch's optimizers.

    python3 test/optim/optimizers.py        # writes test/optim/optimizers.json.gz

A case has the options under PyTorch's names, the starting values of three parameters, for each step the gradients (the last
parameter has none in every second step, null), the parameters after each step and the state of each parameter at the end.

Made by PyTorch 1.13. What PyTorch 2 added is composed of what is there: `maximize` is the negated gradient, `decoupled_weight_decay`
is `p.mul_(1 - lr * weight_decay)` before a step without decay; NAdam is the foreach form, which was right before the other was mended
(PyTorch 2.0, #92699); Adafactor and Muon are PyTorch 2's formulas on PyTorch 1.13's operators. Muon iterates in bfloat16, whose products
1.13 rounds more than once (it is off by up to 0.13, where entries are about 0.5); here it does so in float64.
"""
import gzip
import json
import math
import pathlib

import torch

torch.set_num_threads(1)
STEPS = 6
SHAPES = [(2, 3), (4,), (3, 1, 2)]


def plain(t):
    if not torch.is_tensor(t):
        return t
    t = t.detach()
    if t.is_complex():
        t = torch.view_as_real(t)
    return t.double().flatten().tolist()


class Adafactor(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay, maximize=maximize))

    @torch.no_grad()
    def step(self):
        for o in self.param_groups:
            for p in o["params"]:
                if p.grad is None:
                    continue
                s, g = self.state[p], -p.grad if o["maximize"] else p.grad
                if not s:
                    s["step"] = torch.tensor(0.0)
                    if g.dim() > 1:
                        s["row_var"] = g.new_zeros([*g.shape[:-1], 1])
                        s["col_var"] = g.new_zeros([*g.shape[:-2], 1, g.shape[-1]])
                    else:
                        s["variance"] = torch.zeros_like(g)
                s["step"] += 1
                t = s["step"].item()
                eps1, eps2 = o["eps"]
                eps1 = torch.finfo(p.dtype).eps if eps1 is None else eps1
                rest = t ** o["beta2_decay"]
                rms = lambda x: x.norm(2).item() / x.numel() ** 0.5
                alpha = max(eps2, rms(p)) * min(o["lr"], 1 / t**0.5)
                if o["weight_decay"] != 0:
                    p.mul_(1 - o["lr"] * o["weight_decay"])
                if g.dim() > 1:
                    row, col = s["row_var"], s["col_var"]
                    row.lerp_(torch.linalg.vector_norm(g, dim=-1, keepdim=True).square_().div_(g.size(-1)), rest)
                    col.lerp_(torch.linalg.vector_norm(g, dim=-2, keepdim=True).square_().div_(g.size(-2)), rest)
                    var = (row @ col).div_(row.mean(dim=-2, keepdim=True).clamp_(min=eps1))
                else:
                    var = s["variance"].lerp_(g * g, rest).clone()
                update = var.clamp_(min=eps1 * eps1).rsqrt_().mul_(g)
                p.add_(update, alpha=-alpha / max(1.0, rms(update) / o["d"]))


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov,
                                      ns_coefficients=ns_coefficients, eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn))

    @torch.no_grad()
    def step(self):
        for o in self.param_groups:
            a, b, c = o["ns_coefficients"]
            for p in o["params"]:
                if p.grad is None:
                    continue
                buf = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p.grad))
                buf.lerp_(p.grad, 1 - o["momentum"])
                x = (p.grad.lerp(buf, o["momentum"]) if o["nesterov"] else buf).double()
                rows, cols = p.shape
                x = x.T if rows > cols else x
                x = x.div(x.norm().clamp(min=o["eps"]))
                for _ in range(o["ns_steps"]):
                    gram = x @ x.T
                    x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
                x = x.T if rows > cols else x
                ratio = 0.2 * math.sqrt(max(rows, cols)) if o["adjust_lr_fn"] == "match_rms_adamw" else math.sqrt(max(1, rows / cols))
                p.mul_(1 - o["lr"] * o["weight_decay"])
                p.add_(x.to(p.dtype), alpha=-o["lr"] * ratio)


OWN = {"Adafactor": Adafactor, "Muon": Muon}


def case(name, dtype=torch.float64, shapes=SHAPES, composed=(), **kwargs):
    g = torch.Generator().manual_seed(len(CASES))
    made = lambda s: torch.randn(s, generator=g, dtype=torch.float64)
    draw = lambda s: torch.complex(made(s), made(s)).to(dtype) if dtype.is_complex else made(s).to(dtype)
    params = [draw(s).requires_grad_() for s in shapes]
    start = [plain(p) for p in params]
    known = {k: v for k, v in kwargs.items() if k not in composed}
    if "decoupled_weight_decay" in composed:
        known["weight_decay"] = 0
    if name == "NAdam":
        known["foreach"] = True
    optimizer = (OWN.get(name) or getattr(torch.optim, name))(params, **known)
    steps = []
    for step in range(STEPS):
        grads = [draw(s) for s in shapes]
        if step % 2 == 1 and len(shapes) > 1:
            grads[-1] = None
        for p, grad in zip(params, grads):
            p.grad = None if grad is None else -grad if "maximize" in composed else grad.clone()
            if grad is not None and "decoupled_weight_decay" in composed:
                p.data.mul_(1 - optimizer.param_groups[0]["lr"] * kwargs["weight_decay"])
        optimizer.step()
        steps.append({"grads": [None if x is None else plain(x) for x in grads], "params": [plain(p) for p in params]})
    state = [{k: plain(v) for k, v in optimizer.state[p].items() if v is not None} for p in params]
    CASES.append({"optimizer": name, "kwargs": kwargs, "dtype": str(dtype).replace("torch.", ""),
                  "shapes": shapes, "start": start, "steps": steps, "state": state})


CASES = []
f32, bf16, c64, c128 = torch.float32, torch.bfloat16, torch.complex64, torch.complex128

for name in ["Adam", "AdamW"]:
    case(name)
    case(name, f32, lr=0.1, betas=(0.5, 0.9), eps=1e-3)
    case(name, betas=(0.0, 0.0), lr=0.01)
    case(name, weight_decay=0.1, maximize=True, amsgrad=True, lr=0.2)
    case(name, f32, weight_decay=0.3, lr=0.05)
    case(name, c128, weight_decay=0.3, lr=0.05)
    case(name, weight_decay=0.0, lr=0.0)
case("Adam", weight_decay=0.2, lr=0.1, amsgrad=True, decoupled_weight_decay=True, composed=["decoupled_weight_decay"])

for name in ["NAdam", "RAdam"]:
    case(name)
    case(name, f32, lr=0.1, betas=(0.5, 0.9), eps=1e-3)
    case(name, betas=(0.8, 0.6), weight_decay=0.1, lr=0.2)
    case(name, weight_decay=0.1, lr=0.2, maximize=True, composed=["maximize"])
    case(name, weight_decay=0.2, lr=0.1, decoupled_weight_decay=True, composed=["decoupled_weight_decay"])
    case(name, lr=0.1, decoupled_weight_decay=True, composed=["decoupled_weight_decay"], weight_decay=0)
case("NAdam", momentum_decay=0.5, lr=0.05)

case("Adamax")
case("Adamax", f32, lr=0.1, betas=(0.5, 0.9), eps=1e-2)
case("Adamax", lr=0.1, weight_decay=0.2, maximize=True)
case("Adamax", c64, lr=0.1)

case("Adagrad")
case("Adagrad", f32, lr=0.1, lr_decay=0.3, weight_decay=0.2, eps=1e-3)
case("Adagrad", lr=0.1, initial_accumulator_value=0.5, maximize=True)
case("Adagrad", c128, lr=0.1, weight_decay=0.1)

case("Adadelta")
case("Adadelta", f32, lr=0.5, rho=0.7, eps=1e-2, weight_decay=0.1)
case("Adadelta", lr=2.0, rho=0.99, maximize=True)
case("Adadelta", c128, eps=1e-2)

case("RMSprop")
for centered in [False, True]:
    for momentum in [0, 0.7]:
        case("RMSprop", lr=0.1, alpha=0.8, eps=1e-3, weight_decay=0.1, momentum=momentum, centered=centered)
case("RMSprop", f32, lr=0.1, maximize=True, momentum=0.9)
case("RMSprop", c128, lr=0.1, centered=True, momentum=0.9)

case("Rprop")
case("Rprop", f32, lr=0.1, etas=(0.3, 2.0), step_sizes=(0.05, 0.3))
case("Rprop", lr=0.1, maximize=True)

case("ASGD")
case("ASGD", lr=0.1, lambd=0.01, alpha=0.5, t0=2.0, weight_decay=0.1)
case("ASGD", f32, lr=0.1, t0=0.0, maximize=True)
case("ASGD", c128, lr=0.1, t0=1.0)

for momentum in [0, 0.9]:
    case("SGD", f32, lr=0.1, momentum=momentum, weight_decay=0.1)
    case("SGD", c128, lr=0.1, momentum=momentum)

for options in [{}, dict(lr=0.1, d=2.0), dict(weight_decay=0.1, maximize=True), dict(eps=(1e-3, 0.5), beta2_decay=-0.3), dict(lr=1.0, d=1.5)]:
    case("Adafactor", **options)
case("Adafactor", f32, lr=0.05)

matrices = [(3, 4), (6, 2), (3, 3)]
for options in [{}, dict(adjust_lr_fn="match_rms_adamw"), dict(nesterov=False, momentum=0.5, weight_decay=0.0, ns_steps=3)]:
    case("Muon", f32, matrices, lr=0.1, **options)


# L-BFGS: the losses before each step, and parameters and counts after it.
def rosenbrock(x, y):
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum() + (y - 2).pow(4).sum()


def quadratic(x, y):
    scale = torch.arange(1, x.numel() + 1, dtype=x.dtype)
    return (scale * (x - 1) ** 2).sum() + 0.5 * (y.flatten()[0] * x.sum()) ** 2


CLOSURES = []
for function in [rosenbrock, quadratic]:
    for kwargs in [
        dict(lr=1e-3),
        dict(line_search_fn="strong_wolfe"),
        dict(line_search_fn="strong_wolfe", max_iter=4, history_size=2),
        dict(lr=0.5, line_search_fn="strong_wolfe", max_iter=10, max_eval=7, tolerance_grad=1e-3, tolerance_change=1e-4),
        dict(lr=1e-3, max_iter=3, history_size=1),
    ]:
        x = torch.tensor([-1.2, 1.0, 0.3, -0.5], dtype=torch.float64, requires_grad=True)
        y = torch.tensor([[0.5, -0.25]], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([x, y], **kwargs)
        steps = []
        for _ in range(5):
            def closure():
                optimizer.zero_grad()
                loss = function(x, y)
                loss.backward()
                return loss
            loss = optimizer.step(closure)
            state = optimizer.state[x]
            steps.append({"loss": loss.item(), "params": [plain(x), plain(y)], "counts": [state["func_evals"], state["n_iter"]]})
        CLOSURES.append({"function": function.__name__, "kwargs": kwargs, "steps": steps})

path = pathlib.Path(__file__).with_name("optimizers.json.gz")
with gzip.GzipFile(path, "wb", mtime=0) as file:
    file.write(json.dumps({"torch": torch.__version__, "cases": CASES, "closures": CLOSURES}).encode())
