/** @file The scalar-expression language: what ops and backends are written with. */
export { complexDerivative, isReal, lower, type Pair } from "./complex.ts";
export { differentiate } from "./differentiate.ts";
export { evaluate } from "./evaluate.ts";
export {
  apply,
  arg,
  type BinaryPrim,
  type ComplexPrim,
  constant,
  Expr,
  type ExprLike,
  lift,
  type Prim,
  scalar,
  type UnaryPrim,
  where,
} from "./expr.ts";
export * from "./functions.ts";
export { compile, type Program, REGISTER_CODE, type RegisterType } from "./program.ts";
export { REDUCTIONS, type Reduction, type ReductionName, reductionCode } from "./reductions.ts";
export { trigamma } from "./trigamma.ts";
export { freeArgs, freeScalars, substitute, substituteAll } from "./walk.ts";
