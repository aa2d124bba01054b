#!/usr/bin/env python3
"""Learning rates and momentums of PyTorch's schedulers, alone and composed.

    python3 test/optim/schedulers.py        # writes test/optim/schedulers.json.gz

A case has an optimizer with two groups, the schedulers made on it in this order, what composes them (or null: all are stepped in
turn), and for each step its argument (null: none), and learning rate and momentum (or beta1) of each group; first those before any
step. Functions are given by name. At the end stands the state of each scheduler.

Made by PyTorch 1.13, whose numbers are PyTorch 2's.
"""
import gzip
import json
import math
import pathlib
import warnings

import torch
import torch.optim.swa_utils
from torch.optim import lr_scheduler as L

warnings.simplefilter("ignore")

FUNCTIONS = {
    "halves": lambda e: 0.5**e,
    "inverse": lambda e: 1 / (1 + 0.5 * e),
    "constant": lambda e: 0.9,
    "wave": lambda x: 0.5 + 0.25 * (-1) ** int(x),
}
CASES = []


def read(optimizer):
    groups = optimizer.param_groups
    momentum = [g["betas"][0] if "betas" in g else g["momentum"] for g in groups]
    return {"lrs": [g["lr"] for g in groups], "momentums": momentum}


def plain(x):
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, float) and math.isinf(x):
        return None  # JSON has none, and both begin with it
    return x if isinstance(x, (int, float, str, type(None))) else None


def called(value):
    if isinstance(value, str) and value in FUNCTIONS:
        return FUNCTIONS[value]
    return [called(v) for v in value] if isinstance(value, list) else value


def case(schedulers, steps=14, compose=None, optimizer="SGD", initial=None):
    params = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    options = {"momentum": 0.9} if optimizer == "SGD" else {}
    o = getattr(torch.optim, optimizer)([{"params": [params[0]], "lr": 0.2}, {"params": [params[1]]}], lr=1.5, **options)
    if initial is not None:
        for g in o.param_groups:
            g["initial_lr"] = initial
    made = [(getattr(L, name, None) or getattr(torch.optim.swa_utils, name))(o, **{k: called(v) for k, v in kwargs.items()}) for name, kwargs in schedulers]
    if compose is None:
        whole = made
    elif compose[0] == "SequentialLR":
        whole = [L.SequentialLR(o, made, **compose[1])]
    else:
        whole = [L.ChainedScheduler(made)]
    steps = [None] * steps if isinstance(steps, int) else steps
    out = [{"step": None, **read(o)}]
    for step in steps:
        o.step()
        for s in whole:
            s.step() if step is None else s.step(step)
        out.append({"step": step, **read(o)})
    states = [plain(s.state_dict()) for s in whole]
    CASES.append({"optimizer": optimizer, "initial": initial, "schedulers": schedulers, "compose": compose, "steps": out, "states": states})


case([["LambdaLR", {"lr_lambda": "halves"}]])
case([["LambdaLR", {"lr_lambda": ["inverse", "halves"]}]])
case([["MultiplicativeLR", {"lr_lambda": ["constant", "inverse"]}]])
case([["StepLR", {"step_size": 3}]])
case([["MultiStepLR", {"milestones": [2, 5, 5, 9], "gamma": 0.5}]])
case([["ConstantLR", {}]])
case([["ConstantLR", {"factor": 0.1, "total_iters": 1}]])
case([["LinearLR", {}]])
case([["LinearLR", {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 7}]])
case([["ExponentialLR", {"gamma": 0.7}]])
case([["PolynomialLR", {}]])
case([["PolynomialLR", {"total_iters": 9, "power": 0.5}]])
case([["CosineAnnealingLR", {"T_max": 4}]], steps=20)
case([["CosineAnnealingLR", {"T_max": 5, "eta_min": 0.05}]], steps=20)
for mult in [1, 2, 3]:
    case([["CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": mult, "eta_min": 0.01}]], steps=30)
    case([["CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": mult}]], steps=[0.25 * i for i in range(40)])
    case([["CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": mult}]], steps=[7.5, None, None, 1.25, None, None, None, 30])
# Steps to a given epoch go by the closed forms.
for scheduler in [
    ["StepLR", {"step_size": 3}],
    ["MultiStepLR", {"milestones": [2, 5, 9]}],
    ["ConstantLR", {}],
    ["LinearLR", {}],
    ["ExponentialLR", {"gamma": 0.7}],
    ["PolynomialLR", {"total_iters": 9, "power": 2}],
    ["CosineAnnealingLR", {"T_max": 4, "eta_min": 0.1}],
    ["LambdaLR", {"lr_lambda": "halves"}],
]:
    case([scheduler], steps=[3, 4, None, 0, None, 11, None, 2])
    case([[scheduler[0], {**scheduler[1], "last_epoch": 4}]], steps=5, initial=2.0)

cyclic = {"base_lr": 0.01, "max_lr": [0.3, 0.5], "step_size_up": 3}
for optimizer in ["SGD", "Adam"]:
    if optimizer == "SGD":  # PyTorch 2 cycles beta1, too
        case([["CyclicLR", cyclic]], steps=20)
        case([["CyclicLR", {**cyclic, "mode": "triangular2", "step_size_down": 5, "base_momentum": [0.5, 0.6], "max_momentum": 0.99}]], steps=30)
    case([["CyclicLR", {**cyclic, "cycle_momentum": False, "mode": "exp_range", "gamma": 0.9}]], steps=20, optimizer=optimizer)
    case([["CyclicLR", {**cyclic, "cycle_momentum": False, "scale_fn": "wave", "scale_mode": "cycle"}]], steps=20, optimizer=optimizer)
    case([["CyclicLR", {**cyclic, "cycle_momentum": False, "scale_fn": "halves", "scale_mode": "iterations"}]], steps=20, optimizer=optimizer)
    case([["OneCycleLR", {"max_lr": [0.5, 0.1], "total_steps": 15}]], optimizer=optimizer)
    case([["OneCycleLR", {"max_lr": 0.5, "epochs": 3, "steps_per_epoch": 5, "anneal_strategy": "linear"}]], optimizer=optimizer)
    case([["OneCycleLR", {"max_lr": 0.5, "total_steps": 20, "three_phase": True, "pct_start": 0.4, "div_factor": 10.0, "final_div_factor": 100.0}]], steps=20, optimizer=optimizer)
    case([["OneCycleLR", {"max_lr": 0.5, "total_steps": 12, "cycle_momentum": False}]], steps=12, optimizer=optimizer)
    case([["OneCycleLR", {"max_lr": 0.5, "total_steps": 12, "base_momentum": [0.7, 0.6], "max_momentum": 0.99}]], steps=12, optimizer=optimizer)

metrics = [1.0, 0.9, 0.95, 0.9, 0.91, 0.8, 0.81, 0.82, 0.83, 0.84, 0.85, 0.5, 0.6, 0.61, 0.62, 0.63, 0.64, 0.65]
case([["ReduceLROnPlateau", {"patience": 1}]], steps=metrics)
case([["ReduceLROnPlateau", {"mode": "max", "patience": 2, "factor": 0.5}]], steps=metrics)
case([["ReduceLROnPlateau", {"threshold": 0.05, "threshold_mode": "abs", "patience": 0, "cooldown": 2}]], steps=metrics)
case([["ReduceLROnPlateau", {"mode": "max", "threshold": 0.05, "threshold_mode": "abs", "patience": 1}]], steps=metrics)
case([["ReduceLROnPlateau", {"patience": 0, "factor": 0.3, "min_lr": [0.05, 0.2], "eps": 0.01}]], steps=metrics)

for kwargs in [{"swa_lr": 0.05}, {"swa_lr": [0.5, 0.01], "anneal_epochs": 4, "anneal_strategy": "linear"}, {"swa_lr": 0.3, "anneal_epochs": 0}]:
    case([["SWALR", kwargs]])
    case([["ExponentialLR", {"gamma": 0.9}], ["SWALR", kwargs]])

# Several on one optimizer.
case([["ConstantLR", {}], ["ExponentialLR", {"gamma": 0.9}]])
case([["LinearLR", {}], ["StepLR", {"step_size": 4}], ["MultiplicativeLR", {"lr_lambda": "constant"}]])
case([["CosineAnnealingLR", {"T_max": 5}], ["MultiStepLR", {"milestones": [3, 8]}]])
case([["PolynomialLR", {"total_iters": 9}], ["CosineAnnealingLR", {"T_max": 6, "eta_min": 0.01}]])
case([["ConstantLR", {"factor": 0.5}], ["ExponentialLR", {"gamma": 0.9}], ["StepLR", {"step_size": 2}]], compose=["ChainedScheduler", {}])
for second in [["ExponentialLR", {"gamma": 0.9}], ["CosineAnnealingLR", {"T_max": 6}], ["LambdaLR", {"lr_lambda": "halves"}], ["StepLR", {"step_size": 2}],
               ["CosineAnnealingWarmRestarts", {"T_0": 3}], ["PolynomialLR", {"total_iters": 8}]]:
    case([["LinearLR", {"start_factor": 0.1, "total_iters": 4}], second], compose=["SequentialLR", {"milestones": [4]}])
    case([["ConstantLR", {"factor": 0.1, "total_iters": 2}], second, ["ExponentialLR", {"gamma": 0.5}]], compose=["SequentialLR", {"milestones": [3, 9]}])

path = pathlib.Path(__file__).with_name("schedulers.json.gz")
with gzip.GzipFile(path, "wb", mtime=0) as file:
    file.write(json.dumps({"torch": torch.__version__, "cases": CASES}).encode())
