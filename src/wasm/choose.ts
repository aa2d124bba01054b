/** @file Loaded before the rest of the library, this makes it use the WebAssembly engine. */
import { choice } from "../backends/cpu/choice.ts";
import { TorchError } from "../core/errors.ts";

if (choice.loaded === "native")
  throw new TorchError(
    "typetorch/wasm: expected to be imported before typetorch, which has loaded the native engine: import typetorch/wasm first, or only it",
  );
choice.wasm = true;
