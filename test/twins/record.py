#!/usr/bin/env python3
"""Writes test/twins/losses.json: what the twins of the examples print, for test/examples/twins.test.ts to compare with.

    /usr/bin/python3 test/twins/record.py --root ../shared/data
"""
import json
import pathlib
import re
import subprocess
import sys

import torch

here = pathlib.Path(__file__).parent
root = sys.argv[sys.argv.index("--root") + 1]
RUNS = {
    "char-gpt": "--layers 2 --heads 2 --channels 32 --context 32 --batch 4 --steps 20 --log-every 1",
    "lenet": "--steps 20 --log-every 1",
    "char-lstm": "--hidden 32 --batch 16 --steps 20 --log-every 1",
}

losses = {}
for name, args in RUNS.items():
    twin = here / f"{name.replace('-', '_')}.py"
    printed = subprocess.run([sys.executable, twin, "--root", root, *args.split()], capture_output=True, text=True, check=True).stdout
    losses[name] = {"args": args, "losses": " ".join(re.findall(r"loss (\d+\.\d+)", printed))}
(here / "losses.json").write_text(json.dumps({"torch": torch.__version__, **losses}, indent=2) + "\n")
