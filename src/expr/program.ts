/**
 * @file Compiles expressions into programs for the tile machine (`native/kernels/tile.h` mirrors this encoding).
 *
 * A program is an Int32Array of its own buffer, so that native code can be given its address:
 *
 *     word  0      identity of the primitives' list: a program and an engine of different sources refuse each other
 *     word  1      register type, as a dtype code: 4 i64, 6 f32, 7 f64
 *     words 2–7    counts: inputs, outputs, scalars, constants, temporaries, instructions
 *     word  8      index in the hot list, or −1;  word 9: hash of the key, which the hot list has too
 *     word  10     cost of an element (an addition is 1)
 *     word  11     where the constants begin (in words, even)
 *     word  12     bit k is set if an input is read after output k was written: a problem when the two are one memory
 *     words 13–15  0
 *     then         instructions of 5 words: primitive, destination, up to three operands (0 where there is none)
 *     then         constants of 8 bytes: a float64, or an int64 in i64 programs
 *
 * Registers are numbered inputs, scalars, constants, outputs, temporaries. Primitive 0 copies.
 */
import { DTypeError, ValueError } from "../core/errors.ts";
import { type Expr, isComplexPrim, PRIMS } from "./expr.ts";
import { hotList } from "./hot-list.ts";
import { PRIMITIVES, primCode } from "./primitives.ts";
import { topologicalOrder } from "./walk.ts";

/** What a program computes in. Half types use f32; bool and all integers use i64. */
export type RegisterType = "f32" | "f64" | "i64";
/** The dtype code of each register type. */
export const REGISTER_CODE: { readonly [T in RegisterType]: number } = { i64: 4, f32: 6, f64: 7 };

export interface Program {
  readonly code: Int32Array<ArrayBuffer>;
  readonly nIn: number;
  readonly nOut: number;
  readonly nScalars: number;
  readonly type: RegisterType;
  /** Equal for programs that compute the same from the same positions, whatever their arguments are called. */
  readonly key: string;
}

/** What to compile; the hot list consists of such. */
export interface ProgramSource {
  readonly outputs: readonly Expr[];
  /** Names of the arguments and run-time scalars, in the order in which they are passed. */
  readonly inputs: readonly string[];
  readonly scalars?: readonly string[];
  readonly type: RegisterType;
}

const HEADER = 16;
const INSTRUCTION = 5;
const COPY = 0;

/** FNV-1a, 32 bits: what ties a compiled engine to the source it was made from. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}

/** Identity of the language that programs are written in. */
export const LANGUAGE_HASH: number = hash(PRIMS.join(" "));

/**
 * Compiles `outputs` into a program that reads `inputs` and `scalars` by position.
 *
 * @throws ValueError if an output reads a name that is in neither list
 * @throws DTypeError if a primitive has no form in `type`, or a constant no value
 */
export function compile(
  outputs: readonly Expr[],
  inputs: readonly string[],
  scalars: readonly string[],
  type: RegisterType,
): Program {
  const program = encode({ outputs, inputs, scalars, type });
  program.code[8] = hotIndex(program.key);
  return program;
}

let hotKeys: Map<string, number> | undefined;

function hotIndex(key: string): number {
  hotKeys ??= new Map(hotList().map((source, i) => [encode(source).key, i]));
  return hotKeys.get(key) ?? -1;
}

/** `compile` without the look-up in the hot list. */
export function encode({ outputs, inputs, scalars = [], type }: ProgramSource): Program {
  const order = topologicalOrder(outputs);
  const constants = order.filter((e) => e.op === "const");
  const firstConstant = inputs.length + scalars.length;
  const firstOutput = firstConstant + constants.length;
  const firstTemporary = firstOutput + outputs.length;

  const registers = new Map<Expr, number>();
  constants.forEach((e, i) => {
    registers.set(e, firstConstant + i);
  });
  for (const e of order) {
    if (e.op === "arg") registers.set(e, position(inputs, e.name, "argument", 0));
    if (e.op === "scalar") registers.set(e, position(scalars, e.name, "scalar", inputs.length));
  }

  const lastUse = new Map<Expr, number>();
  order.forEach((e, i) => {
    for (const s of e.src) lastUse.set(s, i);
  });
  const instructions: number[] = [];
  const writtenAt = new Array<number>(outputs.length).fill(0);
  const free: number[] = [];
  let temporaries = 0;
  let cost = 0;
  let lastInputRead = -1;
  const emit = (code: number, destination: number, operands: readonly number[]) => {
    const at = instructions.length / INSTRUCTION;
    const [a = 0, b = 0, c = 0] = operands;
    instructions.push(code, destination, a, b, c);
    if (operands.some((r) => r < inputs.length)) lastInputRead = at;
    if (destination >= firstOutput && destination < firstTemporary) writtenAt[destination - firstOutput] = at;
  };

  order.forEach((e, i) => {
    if (e.op === "const" || e.op === "arg" || e.op === "scalar") return;
    if (isComplexPrim(e.op)) throw new DTypeError(`compile: ${e.op} has no ${type} form; lower the expression first`);
    const { types, cost: own } = PRIMITIVES[e.op];
    if (types === (type === "i64" ? "float" : "integer")) throw new DTypeError(`compile: ${e.op} has no ${type} form`);
    cost += own;
    const operands = e.src.map((s) => registers.get(s)!);
    // An operand that is used up leaves its register to the result: primitives work element by element.
    for (const s of new Set(e.src)) {
      const register = registers.get(s)!;
      if (lastUse.get(s) === i && register >= firstTemporary) free.push(register);
    }
    const output = outputs.indexOf(e);
    const destination = output >= 0 ? firstOutput + output : (free.pop() ?? firstTemporary + temporaries++);
    registers.set(e, destination);
    emit(primCode(e.op), destination, operands);
  });
  outputs.forEach((e, k) => {
    const register = registers.get(e)!;
    if (register !== firstOutput + k) emit(COPY, firstOutput + k, [register]);
  });

  let early = 0;
  writtenAt.forEach((at, k) => {
    if (at < lastInputRead) early |= 1 << k;
  });
  const values = constants.map((e) => constantValue(e.value, type));
  const counts = [inputs.length, outputs.length, scalars.length, constants.length, temporaries];
  const key = `${type} ${counts} ${instructions} ${values.map((v) => (Object.is(v, -0) ? "-0" : v))}`;

  const constantsAt = HEADER + instructions.length + (instructions.length & 1);
  const code = new Int32Array(constantsAt + 2 * constants.length);
  const header = [LANGUAGE_HASH, REGISTER_CODE[type], ...counts, instructions.length / INSTRUCTION];
  code.set([...header, -1, hash(key), cost + inputs.length + outputs.length, constantsAt, early]);
  code.set(instructions, HEADER);
  const bytes = new DataView(code.buffer, 4 * constantsAt);
  values.forEach((v, i) => {
    if (typeof v === "bigint") bytes.setBigInt64(8 * i, v, true);
    else bytes.setFloat64(8 * i, v, true);
  });
  return { code, nIn: inputs.length, nOut: outputs.length, nScalars: scalars.length, type, key };
}

function position(names: readonly string[], name: string, kind: string, first: number): number {
  const i = names.indexOf(name);
  if (i < 0) throw new ValueError(`compile: expected one of the ${kind}s [${names.join(", ")}], got ${name}`);
  return first + i;
}

/** A constant in a register type. In i64, ±inf are the ends of the range: what `min` and `max` begin with. */
export function constantValue(value: number, type: RegisterType): number | bigint {
  if (type !== "i64") return value;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  if (value < -(2 ** 63)) return -(2n ** 63n);
  if (!Number.isInteger(value)) throw new DTypeError(`compile: expected whole constants in i64, got ${value}`);
  return BigInt(value);
}
