/** @file Products with the Jacobian from either side: `torch.func.vjp`, `jvp`, `linearize`. */
import { describe, ValueError } from "../core/errors.ts";
import { bind } from "../ops/bind.ts";
import { checkFunction, splitAux } from "./arguments.ts";
import { gradients, pushForward, released, type Traced, trace } from "./traced.ts";
import { matched, tensorsOf, withLeaves } from "./tree.ts";

interface AuxOption {
  /** The function gives `[output, aux]`: the second part passes as it is. */
  readonly hasAux?: boolean;
}

function traceWithAux(op: string, func: unknown, primals: readonly unknown[], hasAux: boolean, keepGraph = false) {
  checkFunction(op, func);
  let aux: unknown;
  const traced = trace(
    op,
    primals,
    (...fresh) => {
      const [output, beside] = splitAux(op, func(...fresh), hasAux);
      aux = beside;
      return output;
    },
    keepGraph,
  );
  return { traced, aux };
}

const isAuxOption = (x: unknown): x is AuxOption =>
  typeof x === "object" && x !== null && Object.keys(x).length === 1 && "hasAux" in x && typeof x.hasAux === "boolean";

/**
 * The output of a function, and the function that takes gradients back through it. PyTorch: `torch.func.vjp`.
 *
 * @param args - the arguments, all of which are differentiated by, and last, where wanted, `{ hasAux: true }`
 * @returns `[output, vjpFn]`, or `[output, vjpFn, aux]`: `vjpFn` takes a gradient of the form of the output and gives an array with one
 * for each argument
 * @example
 * const [y, vjpFn] = torch.func.vjp((x: Tensor) => x.mul(x), torch.tensor([1.5, 2.5]));
 * vjpFn(torch.tensor([1.0, 10]).float()) // [tensor([ 3., 50.])]
 */
export function vjp<A extends unknown[], R>(
  func: (...args: A) => R,
  ...args: A
): [output: R, vjpFn: (cotangents: R) => A];
export function vjp<A extends unknown[], R, X>(
  func: (...args: A) => [R, X],
  ...args: [...A, { hasAux: true }]
): [output: R, vjpFn: (cotangents: R) => A, aux: X];
export function vjp(func: unknown, ...args: readonly unknown[]): unknown[] {
  const last = args.at(-1);
  const hasAux = isAuxOption(last) && (last.hasAux ?? false);
  const primals = isAuxOption(last) ? args.slice(0, -1) : args;
  const { traced, aux } = traceWithAux("vjp", func, primals, hasAux);
  const outputs = tensorsOf(traced.output);
  const vjpFn = (cotangents: unknown) => {
    const given = matched("vjp", "cotangents", traced.output, cotangents);
    const recorded = traced.recorded || given.some((t) => t.requiresGrad);
    return released({ recorded }, withLeaves(primals, gradients(outputs, traced.inputs, given, recorded)));
  };
  return [released(traced, traced.output), vjpFn, ...(hasAux ? [released(traced, aux)] : [])];
}

interface JvpOptions extends AuxOption {
  /** Refuse outputs that do not depend on the inputs, instead of giving zeros. */
  readonly strict?: boolean;
}

function tangentsFor(op: string, primals: readonly unknown[], tangents: readonly unknown[]) {
  const given = matched(op, "tangents", primals, tangents);
  for (const [i, primal] of tensorsOf(primals).entries())
    if (given[i]?.shape.join() !== primal.shape.join())
      throw new ValueError(`${op}: expected a tangent of shape [${primal.shape}], got [${given[i]?.shape}]`);
  return given;
}

/**
 * The output of a function, and its derivative along tangents. PyTorch: `torch.func.jvp`.
 * Differs: computed by two backwards, as there is no forward mode; the values are the same.
 *
 * @param primals - the arguments, in an array
 * @param tangents - of the same form
 * @param options - `strict` (false), `hasAux` (false)
 * @returns `[output, jvpOut]`, or `[output, jvpOut, aux]`
 * @example
 * torch.func.jvp((x: Tensor) => x.mul(x), [torch.tensor([1.5, 2.5])], [torch.tensor([1.0, 10]).float()])
 * // [tensor([2.2500, 6.2500]), tensor([ 3., 50.])]
 */
export function jvp<A extends readonly unknown[], R>(
  func: (...args: [...A]) => R,
  primals: readonly [...A],
  tangents: readonly [...A],
  options?: JvpOptions & { readonly hasAux?: false },
): [output: R, jvpOut: R];
export function jvp<A extends readonly unknown[], R, X>(
  func: (...args: [...A]) => [R, X],
  primals: readonly [...A],
  tangents: readonly [...A],
  options: JvpOptions & { readonly hasAux: true },
): [output: R, jvpOut: R, aux: X];
export function jvp(
  func: unknown,
  primals: readonly unknown[],
  tangents: readonly unknown[],
  options: JvpOptions = {},
): unknown[] {
  const { strict = false, hasAux = false } = bind<JvpOptions>("jvp", ["strict", "hasAux"], [options]);
  for (const [name, x] of Object.entries({ primals, tangents }))
    if (!Array.isArray(x)) throw new ValueError(`jvp: expected an array as ${name}, got ${describe(x)}`);
  const given = tangentsFor("jvp", primals, tangents);
  const { traced, aux } = traceWithAux("jvp", func, primals, hasAux);
  const recorded = traced.recorded || given.some((t) => t.requiresGrad);
  if (strict) checkDependence(traced);
  const outputs = tensorsOf(traced.output);
  const along = pushForward(outputs, traced.inputs, recorded)(given);
  return [
    released(traced, traced.output),
    released({ recorded }, withLeaves(traced.output, along)),
    ...(hasAux ? [released(traced, aux)] : []),
  ];
}

function checkDependence({ output }: Traced): void {
  for (const [i, t] of tensorsOf(output).entries())
    if (!t.requiresGrad)
      throw new ValueError(`jvp: expected outputs that depend on the inputs (strict), got output ${i}, which does not`);
}

/**
 * The output of a function, and the linear function that is its derivative there: for many tangents at one place.
 * PyTorch: `torch.func.linearize`.
 *
 * @param primals - the arguments
 * @returns `[output, jvpFn]`: `jvpFn` takes a tangent for each argument
 */
export function linearize<A extends unknown[], R>(
  func: (...args: A) => R,
  ...primals: A
): [output: R, jvpFn: (...tangents: A) => R] {
  const { traced } = traceWithAux("linearize", func, primals, false);
  const push = pushForward(tensorsOf(traced.output), traced.inputs, traced.recorded);
  const jvpFn = (...tangents: A) =>
    released(traced, withLeaves(traced.output, push(tangentsFor("linearize", primals, tangents)))) as R;
  return [released(traced, traced.output) as R, jvpFn];
}
