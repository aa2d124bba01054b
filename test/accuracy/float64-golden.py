"""Writes float64-golden.json: functions of doubles to many digits.

    python3 test/accuracy/float64-golden.py > test/accuracy/float64-golden.json

Written with mpmath 1.3. Doubles are little-endian bytes in base64. The exact value is the nearest double, `value`, and `rest` of its units
in the last place, a float.
"""
import base64
import json
import math
import random
import struct

from mpmath import mp, mpf

mp.prec = 1400  # angles of 2^1023, and half as many bits again

chance = random.Random(64)


def both_signs(x):
    return x if chance.random() < 0.5 else -x


def spread(low, high):
    """Of a size between two powers of two, each equally likely."""
    return both_signs(2 ** chance.uniform(low, high))


def beside(x, steps=3):
    for _ in range(chance.randrange(steps)):
        x = math.nextafter(x, chance.choice([-math.inf, math.inf]))
    return x


def many(count, draw):
    return [draw() for _ in range(count)]


EXP = many(160, lambda: chance.uniform(-745, 709)) + many(80, lambda: chance.uniform(-1, 1)) + many(40, lambda: spread(-60, 0))
EXP += many(40, lambda: chance.uniform(-745, -708))  # the result is subnormal
LOG = many(120, lambda: abs(spread(-1022, 1023))) + many(160, lambda: chance.uniform(0.5, 2)) + many(40, lambda: abs(spread(-1074, -1022)))
LOG += many(20, lambda: 1 + spread(-52, -5)) + many(20, lambda: beside(chance.choice([math.sqrt(0.5), math.sqrt(2)])))
ANGLE = many(120, lambda: chance.uniform(-7, 7)) + many(80, lambda: spread(-30, 20)) + many(20, lambda: spread(20, 1023))
ANGLE += many(80, lambda: beside(float(chance.randrange(-600000, 600000) * mp.pi / 2)))
TANH = many(160, lambda: chance.uniform(-2, 2)) + many(80, lambda: chance.uniform(-20, 20)) + many(40, lambda: spread(-60, 0))
TANH += many(40, lambda: both_signs(beside(0.625)))
SIGMOID = many(120, lambda: chance.uniform(-8, 8)) + many(80, lambda: chance.uniform(-745, 40)) + many(40, lambda: spread(-60, 0))
SIGMOID += many(40, lambda: chance.uniform(-745, -708))
LOGIT = many(160, lambda: chance.uniform(0, 1)) + many(40, lambda: abs(spread(-1074, -2))) + many(40, lambda: 1 - abs(spread(-53, -2)))
LOGIT += many(60, lambda: 0.5 + spread(-54, -3))

FUNCTIONS = {
    "exp": (mp.exp, EXP),
    "log": (mp.log, LOG),
    "sin": (mp.sin, ANGLE),
    "cos": (mp.cos, ANGLE),
    "tanh": (mp.tanh, TANH),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), SIGMOID),
    "logit": (lambda x: mp.log(x / (1 - x)), LOGIT),
}


def packed(form, numbers):
    return base64.b64encode(struct.pack(f"<{len(numbers)}{form}", *numbers)).decode()


def nearest(exact):
    value = float(exact)
    # mpmath rounds a subnormal number twice.
    return value if abs(value) > 2.0**-1022 else math.ldexp(int(mp.nint(exact * mpf(2) ** 1074)), -1074)


cases = {}
for name, (function, inputs) in FUNCTIONS.items():
    values, rests = [], []
    for x in inputs:
        exact = function(mpf(x))
        values.append(nearest(exact))
        rests.append(float((exact - mpf(values[-1])) / mpf(math.ulp(values[-1]))))
        assert abs(rests[-1]) <= 0.5
    cases[name] = {"x": packed("d", inputs), "value": packed("d", values), "rest": packed("f", rests)}
print(json.dumps(cases, indent=1))
