/**
 * @file Which engine is wanted, decided before any is loaded: `typetorch/wasm` asks for its own by loading `wasm/choose.ts` before
 * the rest of the library.
 */

export const choice: { wasm: boolean; loaded: "native" | "wasm" | null } = { wasm: false, loaded: null };
