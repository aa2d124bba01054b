/** @file WebAssembly as far as the engine needs it: neither Node's types nor the language's have it. */

export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}
/** A compiled module. */
export interface WasmModule {
  readonly wasmModule?: never;
}
export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface MemoryOptions {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: boolean;
}

interface WebAssemblyNamespace {
  readonly Memory: new (options: MemoryOptions) => WasmMemory;
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (module: WasmModule, imports: Record<string, Record<string, unknown>>) => WasmInstance;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  validate(bytes: Uint8Array): boolean;
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyNamespace };
