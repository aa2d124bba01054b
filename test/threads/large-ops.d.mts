import type * as torch from "../../src/index.ts";

/** What each op gives, with its gradients. */
export function largeOps(library: typeof torch): Map<string, () => torch.Tensor[]>;
