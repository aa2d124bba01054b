/** @file The kernels of attention. Operands are [batch…, rows, columns] with one batch shape and one dtype, float32 or float64. */
import type { Operand } from "./backend.ts";

/** What attention reads: queries [L, E], keys [S, E], values [S, Ev], and a mask [L, S] that is added, whose rows are contiguous. */
export interface AttentionOperands {
  readonly query: Operand;
  readonly key: Operand;
  readonly value: Operand;
  readonly mask: Operand | null;
  /** For each query (contiguous [batch…, L]) the logarithm of the sum of its exponentials; backward reads what forward wrote. */
  readonly logSums: Operand;
  readonly scale: number;
  /** Query `i` attends to keys 0 to `i` only. */
  readonly causal: boolean;
}

/** What the derivative writes, each if it is wanted. */
export interface AttentionGradients {
  readonly query: Operand | null;
  readonly key: Operand | null;
  readonly value: Operand | null;
}

export interface AttentionKernels {
  /** `out = softmax(scale · query @ keyᵀ + mask) @ value`; a query that no key is open to gives zeros. */
  attention(out: Operand, on: AttentionOperands): void;
  attentionBackward(gradients: AttentionGradients, grad: Operand, on: AttentionOperands): void;
}
