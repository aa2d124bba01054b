/** @file The tile machine's primitives: for each register type a table of functions over one tile. */
import { BINARY, PRIMS, type Prim, UNARY } from "../src/expr/expr.ts";
import { PRIMITIVES } from "../src/expr/primitives.ts";
import type { RegisterType } from "../src/expr/program.ts";
import { CPP_TYPE } from "../src/expr/render/cpp.ts";

const has = (list: readonly string[], prim: Prim) => list.includes(prim);
const operandsOf = (prim: Prim) => ["a[i]", "b[i]", "c[i]"].slice(0, has(UNARY, prim) ? 1 : has(BINARY, prim) ? 2 : 3);

/**
 * Functions that are branch-free (`_near`) but for few arguments, what is negative for those, and in which types. A tile that has
 * one is taken apart, and the whole function serves the parts that have one.
 */
const FAR: { readonly [P in Prim]?: { readonly sign: string; readonly types: readonly RegisterType[] } } = {
  sin: { sign: "angle_far_sign", types: ["f32", "f64"] },
  cos: { sign: "angle_far_sign", types: ["f32", "f64"] },
  tan: { sign: "angle_far_sign", types: ["f32"] },
  gelu: { sign: "gelu_far_sign", types: ["f32"] },
  fmod: { sign: "divides_far", types: ["f32", "f64"] },
  remainder: { sign: "divides_far", types: ["f32", "f64"] },
  floordiv: { sign: "divides_far", types: ["f32", "f64"] },
};
const PART = 64;

function tile(prim: Prim, type: RegisterType): string {
  const { cpp, types, failsOnZero } = PRIMITIVES[prim];
  if (types === (type === "i64" ? "float" : "integer")) return `constexpr tt_tile_function tile_${prim} = nullptr;\n`;
  const loop = (name: string) => `TT_TILE_LOOP to[i] = fn::${name}(${operandsOf(prim).join(", ")});`;
  // Integers, because compilers do not vectorise a search that ends in a bool.
  const any = (name: string, value: string) => [
    `int32_t ${name} = 0;`,
    `for (int64_t i = 0; i < n; i++) ${name} |= ${value};`,
  ];
  const body: string[] = [];
  const far = FAR[prim];
  if (far?.types.includes(type)) {
    const operands = ["a", "b", "c"].map((name, i) => (i < operandsOf(prim).length ? `${name} + i` : "nullptr"));
    body.push(
      ...any("far", `fn::${far.sign}(${operandsOf(prim).join(", ")})`),
      `if (far >= 0) {\n    ${loop(`${cpp}_near`)}\n    return TT_OK;\n  }`,
      `if (n > ${PART}) {`,
      `  for (int64_t i = 0; i < n; i += ${PART})`,
      `    tile_${prim}(to + i, ${operands.join(", ")}, n - i < ${PART} ? n - i : ${PART});`,
      "  return TT_OK;\n  }",
    );
  }
  if (failsOnZero && type === "i64")
    body.push(...any("zero", "b[i] == 0 ? 1 : 0"), "if (zero) return TT_DIVISION_BY_ZERO;");
  body.push(loop(cpp), "return TT_OK;");
  return `TT_TILE(tile_${prim}) {\n  TT_TILE_OPERANDS\n  ${body.join("\n  ")}\n}\n`;
}

/** C++ source with the table `tt_tiles_<type>` of one register type; entry 0 copies. */
export function primitivesFile(type: RegisterType): string {
  return [
    "// Generated from src/expr/primitives.ts.",
    '#include "kernels/tile.h"',
    '#include "math/math.h"',
    "",
    `typedef ${CPP_TYPE[type]} T;`,
    "namespace TT_NS {",
    "namespace {",
    "TT_TILE(tile_copy) {\n  TT_TILE_OPERANDS\n  TT_TILE_LOOP to[i] = a[i];\n  return TT_OK;\n}",
    ...PRIMS.map((prim) => tile(prim, type)),
    "}  // namespace",
    "}  // namespace TT_NS",
    "",
    "using namespace TT_NS;",
    `extern "C" const tt_tile_function TT_SYMBOL(tiles_${type})[] = {`,
    ...["copy", ...PRIMS].map((prim) => `    tile_${prim},`),
    "};",
    "",
  ].join("\n");
}
