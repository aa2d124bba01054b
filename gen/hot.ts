/** @file The hot list as dedicated loops, and what identifies them. */
import { type HotDType, type HotSource, hotList } from "../src/expr/hot-list.ts";
import { encode, hash, LANGUAGE_HASH, REGISTER_CODE, type RegisterType } from "../src/expr/program.ts";
import { CPP_TYPE, renderCpp } from "../src/expr/render/cpp.ts";

const BOOL_CODE = 11;
const codeOf = (dtype: HotDType) => (dtype === "bool" ? BOOL_CODE : REGISTER_CODE[dtype]);
// A bool is a byte: 0 or 1 when written, and anything when read.
const elementOf = (dtype: HotDType) => (dtype === "bool" ? "uint8_t" : CPP_TYPE[dtype]);

/** Element types of outputs, then inputs. */
function dtypesOf({ outputs, inputs, type, outputTypes, inputTypes }: HotSource): HotDType[] {
  return [...(outputTypes ?? outputs.map(() => type)), ...(inputTypes ?? inputs.map(() => type))];
}

function loop(source: HotSource, index: number): string {
  const { outputs, inputs, scalars = [] } = source;
  const dtypes = dtypesOf(source);
  const lines = [
    `// ${outputs.map(String).join("; ")}`,
    `void hot_${index}(char* const* operands, [[maybe_unused]] const void* scalars, int64_t n) {`,
  ];
  const operand = (name: string, i: number, qualifier: string) =>
    `  ${qualifier}${elementOf(dtypes[i]!)}* ${name} = (${qualifier}${elementOf(dtypes[i]!)}*)operands[${i}];`;
  outputs.forEach((_, k) => {
    lines.push(operand(`out${k}`, k, ""));
  });
  inputs.forEach((name, i) => {
    lines.push(operand(`${name}_in`, outputs.length + i, "const "));
  });
  scalars.forEach((name, i) => {
    lines.push(`  const T ${name} = ((const T*)scalars)[${i}];`);
  });
  lines.push("  TT_WHOLE_BLOCKS", "  TT_HOT_LOOP {");
  inputs.forEach((name, i) => {
    const isBool = dtypes[outputs.length + i] === "bool";
    lines.push(`    const T ${name} = ${isBool ? `${name}_in[i] != 0 ? T(1) : T(0)` : `${name}_in[i]`};`);
  });
  // All results before any is written: an output may be an input.
  const results = renderCpp(outputs, (text, k) => `const T result${k} = ${text};`);
  lines.push(...results.map((line) => `    ${line}`));
  outputs.forEach((_, k) => {
    lines.push(`    out${k}[i] = ${dtypes[k] === "bool" ? `result${k} != T(0)` : `result${k}`};`);
  });
  return [...lines, "  }", "}"].join("\n");
}

/** C++ source with the table `tt_hot_loops`, in the order of the hot list. */
export function hotFile(): string {
  const sections = (["f32", "f64", "i64"] as const).map((type: RegisterType) => {
    const loops = hotList().flatMap((source, i) => (source.type === type ? [loop(source, i)] : []));
    return `namespace ${type} {\ntypedef ${CPP_TYPE[type]} T;\n${loops.join("\n")}\n}  // namespace ${type}\n`;
  });
  const rows = hotList().map((source, i) => {
    const dtypes = dtypesOf(source).map(codeOf);
    return `    {${source.type}::hot_${i}, ${hash(encode(source).key)}, {${dtypes.join(", ")}}},`;
  });
  return [
    "// Generated from src/expr/hot-list.ts.",
    '#include "kernels/tile.h"',
    '#include "math/math.h"',
    "",
    "namespace TT_NS {",
    "namespace {",
    ...sections,
    "}  // namespace",
    "}  // namespace TT_NS",
    "",
    "using namespace TT_NS;",
    'extern "C" const tt_hot_loop TT_SYMBOL(hot_loops)[] = {',
    ...rows,
    "};",
    `extern "C" const int32_t TT_SYMBOL(hot_count) = ${hotList().length};`,
    `extern "C" const int32_t TT_SYMBOL(language) = ${LANGUAGE_HASH};`,
    "",
  ].join("\n");
}
