/** @file Loading the WebAssembly engine where that takes a request. */
import { choice } from "../backends/cpu/choice.ts";
import { node } from "../backends/cpu/platform.ts";
import { wasmEngine } from "../backends/cpu/wasm/engine.ts";
import { bestModule, forUnsharedMemory } from "../backends/cpu/wasm/module.ts";
import { started } from "../backends/cpu/wasm/threads.ts";
import { WebAssembly } from "../backends/cpu/wasm/webassembly.ts";
import { describe, TorchError, ValueError } from "../core/errors.ts";

if (choice.loaded === "native")
  throw new TorchError(
    "typetorch/wasm: expected to be imported before typetorch, which has loaded the native engine: import typetorch/wasm first, or only it",
  );

export interface InitOptions {
  /**
   * Where the package's `build/wasm/` is served, or one of its files, if not beside the library: bundlers that know
   * `new URL(…, import.meta.url)` take care of that.
   */
  url?: string | URL;
}

interface Web {
  fetch(url: URL): Promise<{ ok: boolean; status: number; arrayBuffer(): Promise<ArrayBuffer> }>;
}

/** Written out, so that bundlers see the files, and as two functions, which no minifier makes one of. */
const FILES = {
  relaxed: () => new URL("../../build/wasm/relaxed.wasm", import.meta.url),
  simd128: () => new URL("../../build/wasm/simd128.wasm", import.meta.url),
};

function moduleUrl(url: string | URL | undefined): URL {
  if (url === undefined) return FILES[bestModule()]();
  const base = new URL(url, (globalThis as { location?: { href: string } }).location?.href);
  return base.pathname.endsWith("/") ? new URL(`${bestModule()}.wasm`, base) : base;
}

/**
 * Loads the engine of `cpu` and starts its threads. In a browser it is awaited before the first op; on Node everything comes by
 * itself, and this only starts the threads ahead. A page that is cross-origin isolated (COOP and COEP headers) has as many
 * threads as processors, any other page one.
 *
 * @throws TorchError if the module cannot be fetched, or the native engine is in use already
 * @example
 * // not run: an engine is in use where the examples run
 * await init();
 * torch.backends.cpu.engine // "wasm"
 */
export async function init({ url }: InitOptions = {}): Promise<void> {
  if (url !== undefined && typeof url !== "string" && !(url instanceof URL))
    throw new ValueError(`init: expected a URL, got ${describe(url)}`);
  const engine = wasmEngine();
  if (engine === undefined)
    throw new TorchError("init: the native engine is in use: import typetorch/wasm before typetorch");
  if (!engine.isLoaded) {
    if (node !== null && url === undefined) engine.load();
    else {
      const from = moduleUrl(url);
      const response = await (globalThis as unknown as Web).fetch(from);
      if (!response.ok)
        throw new TorchError(`init: expected the module at ${from}, got HTTP status ${response.status}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      engine.instantiate(await WebAssembly.compile(engine.shared ? bytes : forUnsharedMemory(bytes)));
    }
  }
  engine.startThreads();
  await Promise.all(started);
}
