/**
 * @file The hot list: expressions that get a C++ loop of their own instead of running on the tile machine.
 *
 * An entry is found by the structure of its program, so an op need not know that it is hot; whatever is not here runs
 * too, a little slower. Entries say when an operand's dtype is not the register type (`bool` results of comparisons).
 */
import { differentiate } from "./differentiate.ts";
import { apply, arg, constant, type Expr, scalar, where } from "./expr.ts";
import type { ProgramSource, RegisterType } from "./program.ts";
import { freeArgs, substitute } from "./walk.ts";

/** Element types that a dedicated loop can read and write. */
export type HotDType = RegisterType | "bool";

export interface HotSource extends ProgramSource {
  /** Dtypes of outputs and inputs where they differ from the register type, in order; absent: none differs. */
  readonly outputTypes?: readonly HotDType[];
  readonly inputTypes?: readonly HotDType[];
}

const x = arg("x");
const y = arg("y");
const z = arg("z");
const g = arg("grad");
const s = scalar("s");
const t = scalar("t");
const INPUTS = ["x", "y", "z", "grad"];
const SCALARS = ["s", "t"];

/** One output; its arguments are passed in the order x, y, z, grad, or in the given one. */
function hot(type: RegisterType, output: Expr, inputs?: readonly string[]): HotSource {
  const uses = (list: readonly string[]) => list.filter((name) => new RegExp(`\\b${name}\\b`).test(String(output)));
  return { outputs: [output], inputs: inputs ?? uses(INPUTS), scalars: uses(SCALARS), type };
}

/** The gradient of a function of x: of the gradient of the result, and of x or the result where that is enough. */
function derivative(type: RegisterType, f: Expr): HotSource {
  const d = substitute(differentiate(f, "x", g), f, y);
  return hot(type, d, freeArgs(d).has("x") ? ["grad", "x"] : ["grad", "y"]);
}

const ARITHMETIC = ["add", "sub", "mul", "div"] as const;
const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"] as const;

const one = constant(1);

function floatEntries(type: "f32" | "f64"): HotSource[] {
  return [
    ...ARITHMETIC.flatMap((op) => [hot(type, x[op](y)), hot(type, x[op](s))]),
    hot(type, s.sub(x)),
    hot(type, s.div(x)),
    hot(type, x.add(y.mul(s))),
    hot(type, x.sub(y.mul(s))),
    hot(type, x.mul(s).add(y)),
    hot(type, x.add(y.mul(z))),
    hot(type, x.mul(x)),
    hot(type, g.mul(x).mul(2), ["grad", "x"]),
    hot(type, x),
    hot(type, s),
    ...(["neg", "abs", "sqrt", "rsqrt", "reciprocal", "exp", "log", "tanh", "sigmoid", "erf"] as const).map((op) =>
      hot(type, x[op]()),
    ),
    hot(type, x.max(0)),
    hot(type, where(x.gt(0), x, 0)),
    hot(type, where(x.le(0), 0, x)),
    hot(type, where(x.gt(0), g, 0), ["grad", "x"]),
    hot(type, where(x.le(0), 0, g), ["grad", "x"]),
    hot(type, g.mul(y.mul(y.neg().add(1))), ["grad", "y"]),
    hot(type, g.mul(y.mul(y).neg().add(one)), ["grad", "y"]),
    ...[x.gelu(), x.silu(), x.sqrt(), x.abs()].map((f) => derivative(type, f)),
    hot(type, x.silu()),
    { ...hot(type, where(x, g, 0), ["grad", "x"]), inputTypes: [type, "bool"] },
    hot(type, x.max(s).min(t)),
    ...COMPARISONS.flatMap((op): HotSource[] => [
      { ...hot(type, x[op](y)), outputTypes: ["bool"] },
      { ...hot(type, x[op](s)), outputTypes: ["bool"] },
    ]),
    { ...hot(type, where(x, y, z)), inputTypes: ["bool", type, type] },
    ...updateEntries(type),
    ...(type === "f32" ? layerEntries(type) : []),
    ...complexEntries(type),
  ];
}

const two = (type: RegisterType, f: (difference: Expr) => Expr, inputs: readonly string[] = ["x", "y"]): HotSource =>
  hot(type, f(x.sub(y)), inputs);

/** Activations and losses at their default options, forward and backward, that are light: memory would wait for the tile machine. */
function layerEntries(type: RegisterType): HotSource[] {
  const back = (d: Expr) => hot(type, d, ["grad", "x"]);
  const scaled = g.mul(s);
  const lossBack = (f: (difference: Expr) => Expr) => two(type, f, ["grad", "x", "y"]);
  const halfSquare = (d: Expr) => scaled.mul(0.5).mul(d).add(scaled.mul(0.5).mul(d));
  return [
    hot(type, x.max(y)),
    hot(type, x.min(y)),
    hot(type, x.sub(x.trunc())),
    hot(type, x.mul(y.sigmoid())),
    hot(type, x.div(x.abs().add(1))),
    hot(type, x.add(y.div(z))),
    hot(type, where(s.abs().lt(0.5), x.add(s.mul(y.sub(x))), y.sub(y.sub(x).mul(one.sub(s))))),
    hot(type, g.mul(one.sub(s)), ["grad"]),
    hot(type, x.max(-1).min(1)),
    hot(type, x.max(0).min(6)),
    hot(type, where(x.gt(0), x, x.mul(0.01))),
    hot(type, x.add(3).max(0).min(6).div(6)),
    hot(type, x.mul(x.add(3).max(0).min(6)).div(6)),
    hot(type, where(x.gt(0.5), x.sub(0.5), where(x.lt(-0.5), x.add(0.5), where(x.isnan(), x, 0)))),
    back(where(x.le(-1).or(x.ge(1)), 0, g)),
    back(where(x.le(0).or(x.ge(6)), 0, g)),
    back(where(x.gt(0), g, g.mul(0.01))),
    back(where(x.le(0), g.mul(x.exp()), g)),
    back(where(x.gt(-3).and(x.lt(3)), g.div(6), 0)),
    back(where(x.lt(-3), 0, where(x.lt(3), g.mul(x.div(3).add(0.5)), g))),
    back(where(x.gt(20), g, g.mul(x.sigmoid()))),
    back(g.mul(x.neg().sigmoid())),
    two(type, (d) => d.mul(d)),
    two(type, (d) => where(d.abs().lt(1), d.mul(d).mul(0.5), d.abs().sub(0.5))),
    lossBack((d) => scaled.mul(d).add(scaled.mul(d))),
    lossBack((d) => where(d.abs().lt(1), halfSquare(d), scaled.mul(d.sign()))),
  ];
}

/** Products of complex numbers by their parts, and those with a conjugate that gradients are. */
function complexEntries(type: RegisterType): HotSource[] {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => arg(name)) as [Expr, Expr, Expr, Expr];
  const inputs = ["a", "b", "c", "d"];
  const back = b.neg();
  return [
    { outputs: [a.mul(c).sub(b.mul(d)), a.mul(d).add(b.mul(c))], inputs, type },
    { outputs: [a.mul(c).sub(back.mul(d)), a.mul(d).add(back.mul(c)).neg()], inputs, type },
    { outputs: [a.add(c), b.add(d)], inputs, type },
    { outputs: [a.sub(c), b.sub(d)], inputs, type },
  ];
}

/** What the common optimizers compile: these are their rules' expressions, in other names. */
function updateEntries(type: RegisterType): HotSource[] {
  const [p, m, v] = [arg("p"), arg("m"), arg("v")];
  const [lr, mu, decay, keep] = [scalar("lr"), scalar("mu"), scalar("decay"), scalar("keep")];
  const [beta1, rest1, beta2, rest2] = [scalar("beta1"), scalar("rest1"), scalar("beta2"), scalar("rest2")];
  const [stepSize, correction, eps] = [scalar("stepSize"), scalar("correction"), scalar("eps")];
  const sgd = (gradient: Expr, more: readonly string[]): HotSource[] => {
    const b = mu.mul(m).add(gradient);
    return [
      { outputs: [p.sub(lr.mul(gradient))], inputs: ["p", "grad"], scalars: ["lr", ...more], type },
      { outputs: [p.sub(lr.mul(b)), b], inputs: ["p", "m", "grad"], scalars: ["lr", "mu", ...more], type },
    ];
  };
  const adam = (shrunk: Expr, gradient: Expr, more: readonly string[]): HotSource => {
    const average = beta1.mul(m).add(rest1.mul(gradient));
    const square = beta2.mul(v).add(rest2.mul(gradient.mul(gradient)));
    const move = stepSize.mul(average).div(square.sqrt().mul(correction).add(eps));
    const scalars = ["beta1", "rest1", "beta2", "rest2", "stepSize", "correction", "eps", ...more];
    return { outputs: [shrunk.sub(move), average, square], inputs: ["p", "grad", "m", "v"], scalars, type };
  };
  return [
    ...sgd(g, []),
    ...sgd(decay.mul(p).add(g), ["decay"]),
    adam(p, g, []),
    adam(p, decay.mul(p).add(g), ["decay"]),
    adam(keep.mul(p), g, ["keep"]),
  ];
}

function integerEntries(): HotSource[] {
  const type = "i64";
  return [
    ...(["add", "sub", "mul"] as const).flatMap((op) => [hot(type, x[op](y)), hot(type, x[op](s))]),
    hot(type, x),
    hot(type, s),
    ...COMPARISONS.flatMap((op): HotSource[] => [
      { ...hot(type, x[op](y)), outputTypes: ["bool"] },
      { ...hot(type, x[op](s)), outputTypes: ["bool"] },
    ]),
    ...(["and", "or", "xor", "bitand", "bitor", "bitxor"] as const).map(
      (op): HotSource => ({ ...hot(type, apply(op, x, y)), inputTypes: ["bool", "bool"], outputTypes: ["bool"] }),
    ),
    { ...hot(type, x.not()), inputTypes: ["bool"], outputTypes: ["bool"] },
  ];
}

let list: readonly HotSource[] | null = null;

/** The list; an entry's place in it is its number in the engine. Built when the first program is compiled, not at import. */
export function hotList(): readonly HotSource[] {
  list ??= [...floatEntries("f32"), ...floatEntries("f64"), ...integerEntries()];
  return list;
}
