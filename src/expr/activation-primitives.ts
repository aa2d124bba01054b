/**
 * @file The rows of activations that are primitives: composed of others in float32, each would round what it then multiplies
 * or exponentiates, and lose digits below 0.
 */
import { apply, type Expr, type Prim } from "./expr.ts";
import type { PrimRule } from "./primitives.ts";
import { erfc } from "./special.ts";

const f = (name: Prim, ...x: (Expr | undefined)[]) => apply(name, ...(x as Expr[]));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** `2u` in `x · ½(1 + tanh u)`, and its derivative. */
const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);
const GELU_CUBE = 0.044715;

export const ACTIVATION_PRIMITIVES = {
  // x · sigmoid(x).
  silu: {
    types: "float",
    cost: 10,
    eval: (x) => x! * sigmoid(x!),
    cpp: "silu",
    wgsl: (x) => `(${x} / (1.0 + exp(-${x})))`,
    derivative(g, _, x) {
      const s = f("sigmoid", x);
      return [g.mul(s.add(x!.mul(s.mul(s.neg().add(1)))))];
    },
  },
  // x · tanh(log(1 + eˣ)).
  mish: {
    types: "float",
    cost: 14,
    eval: (x) => x! * Math.tanh(Math.max(x!, 0) + Math.log1p(Math.exp(-Math.abs(x!)))),
    cpp: "mish",
    wgsl: (x) => `tt_mish(${x})`,
    derivative(g, _, x) {
      const t = f("tanh", x!.max(0).add(f("log1p", f("exp", x!.abs().neg()))));
      return [g.mul(t.add(x!.mul(f("sigmoid", x)).mul(t.mul(t).neg().add(1))))];
    },
  },
  // x · Φ(x). Composed of `erf` it would cancel below 0, where Φ is small.
  gelu: {
    types: "float",
    cost: 12,
    eval: (x) => 0.5 * x! * erfc(x! * -Math.SQRT1_2),
    cpp: "gelu",
    wgsl: (x) => `tt_gelu(${x})`,
    derivative(g, _, x) {
      const cdf = x!.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
      const density = f("exp", x!.mul(x!).mul(-0.5)).mul(1 / Math.sqrt(2 * Math.PI));
      return [g.mul(cdf.add(x!.mul(density)))];
    },
  },
  // x · ½(1 + tanh u), which would cancel below 0: x · sigmoid(2u).
  geluTanh: {
    types: "float",
    cost: 14,
    eval: (x) => x! * sigmoid(GELU_SLOPE * x! * (1 + GELU_CUBE * x! * x!)),
    cpp: "gelu_tanh",
    wgsl: (x) => `tt_gelu_tanh(${x})`,
    derivative(g, _, x) {
      const square = x!.mul(x!);
      const s = f("sigmoid", square.mul(GELU_CUBE).add(1).mul(x!).mul(GELU_SLOPE));
      const slope = square
        .mul(3 * GELU_CUBE)
        .add(1)
        .mul(GELU_SLOPE);
      return [g.mul(s.add(x!.mul(slope).mul(s.mul(s.neg().add(1)))))];
    },
  },
} satisfies { readonly [P in Prim]?: PrimRule };
