/** @file The reductions as C++ structs for the loops of native/kernels/reduce_loops.h. */
import { constant, type Expr, lift, scalar } from "../src/expr/expr.ts";
import type { RegisterType } from "../src/expr/program.ts";
import { REDUCTION_NAMES, REDUCTIONS, type Reduction } from "../src/expr/reductions.ts";
import { CPP_TYPE, renderCpp } from "../src/expr/render/cpp.ts";

const variables = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => scalar(`${prefix}${i}`));
const indexed = (name: string) => name.replace(/^(acc|other|s)(\d+)$/, "$1[$2]");

function method(signature: string, outputs: readonly Expr[], to: string): string {
  // Through temporaries, since an accumulator is read after another was written.
  const body = renderCpp(outputs, (text, i) => `const T r${i} = ${text};`, indexed);
  const writes = outputs.map((_, i) => `${to}[${i}] = r${i};`);
  return [`  TT_MATH void ${signature} {`, ...[...body, ...writes].map((line) => `    ${line}`), "  }"].join("\n");
}

function struct(name: string, reduction: Reduction): string {
  const acc = variables("acc", reduction.init.length);
  const other = variables("other", reduction.init.length);
  const s = variables("s", reduction.scalars.length);
  const results = reduction.finish(acc, scalar("n"), s).map(lift);
  return [
    `struct reduce_${name} {`,
    `  static constexpr int accumulators = ${acc.length}, results = ${results.length}, scalars = ${s.length};`,
    method("init(T* acc)", reduction.init.map(constant), "acc"),
    method("step(T* acc, T x, [[maybe_unused]] const T* s)", reduction.step(acc, scalar("x"), s), "acc"),
    method("combine(T* acc, const T* other)", reduction.combine(acc, other), "acc"),
    method("finish(const T* acc, [[maybe_unused]] T n, [[maybe_unused]] const T* s, T* result)", results, "result"),
    "};",
  ].join("\n");
}

/** C++ source with the table `tt_reductions_<type>` of one accumulator type, with empty entries where a reduction has no such form. */
export function reductionsFile(type: RegisterType): string {
  const reductions: readonly (readonly [string, Reduction])[] = REDUCTION_NAMES.map((name) => [name, REDUCTIONS[name]]);
  const exists = (r: Reduction) => r.accTypes.includes(type);
  return [
    "// Generated from src/expr/reductions.ts.",
    '#include "kernels/reduce_loops.h"',
    '#include "math/math.h"',
    "",
    "namespace TT_NS {",
    "namespace {",
    `typedef ${CPP_TYPE[type]} T;`,
    ...reductions.filter(([, r]) => exists(r)).map(([name, r]) => struct(name, r)),
    "}  // namespace",
    "}  // namespace TT_NS",
    "",
    "using namespace TT_NS;",
    `extern "C" const tt_reduction TT_SYMBOL(reductions_${type})[] = {`,
    ...reductions.map(([name, r]) => (exists(r) ? `    Loops<reduce_${name}, T>::entry,` : "    {},")),
    "};",
    `extern "C" const int32_t TT_SYMBOL(reductions_${type}_count) = ${reductions.length};`,
    "",
  ].join("\n");
}
