/** @file Node, as far as the engines need it; null in a browser. */
import { TorchError } from "../../core/errors.ts";

interface NodeModules {
  "node:fs": { existsSync(path: URL): boolean; readFileSync(path: URL): Uint8Array };
  "node:url": { fileURLToPath(url: URL): string };
  "node:v8": { setFlagsFromString(flags: string): void };
  "node:vm": {
    runInNewContext(code: string): unknown;
    createContext(globals: object, options: { microtaskMode: "afterEvaluate" }): object;
    runInContext(code: string, context: object): unknown;
  };
  "node:os": { availableParallelism(): number };
  "node:worker_threads": {
    readonly isMainThread: boolean;
    Worker: new (source: string, options: { eval: true; workerData: unknown; execArgv: string[] }) => NodeWorker;
  };
}

interface NodeWorker {
  unref(): void;
  once(event: "error" | "message", listener: (value: unknown) => void): void;
}

interface NodeProcess {
  readonly platform: string;
  readonly arch: string;
  readonly versions: { readonly node?: string };
  dlopen(module: { exports: object }, file: string): void;
  getBuiltinModule?<K extends keyof NodeModules>(id: K): NodeModules[K];
}

const { process } = globalThis as { process?: NodeProcess };

/** A module of Node's own. */
export type Builtin = <K extends keyof NodeModules>(id: K) => NodeModules[K];

/** Node, or what behaves like it. */
export const node: { builtin: Builtin; dlopen: NodeProcess["dlopen"]; name: string } | null =
  process?.versions?.node && process.getBuiltinModule
    ? {
        builtin: process.getBuiltinModule.bind(process) as Builtin,
        dlopen: process.dlopen.bind(process),
        name: `${process.platform}-${process.arch}`,
      }
    : null;

/** A file of this package, or null. The package's root is above this file: this lies in `src/` while developing, else in `dist/`. */
export function findPackageFile(builtin: Builtin, path: string): URL | null {
  const fs = builtin("node:fs");
  for (let dir = new URL("./", import.meta.url); ; dir = new URL("../", dir)) {
    const file = new URL(path, dir);
    if (fs.existsSync(file)) return file;
    if (fs.existsSync(new URL("package.json", dir)) || dir.pathname === "/") return null;
  }
}

interface NodeBuffer {
  allocUnsafeSlow(n: number): { buffer: ArrayBuffer };
}
const { Buffer: nodeBuffer } = globalThis as { Buffer?: NodeBuffer };

/** What Node's buffers hold at most; an `ArrayBuffer` may hold more. */
const LARGEST_NODE_BUFFER = 2 ** 32 - 1;

/**
 * A fresh buffer, on Node with arbitrary content: zeroing costs more than most ops.
 * @throws TorchError if there is no room for it
 */
export function rawBuffer(nbytes: number): ArrayBuffer {
  try {
    return nodeBuffer && nbytes <= LARGEST_NODE_BUFFER
      ? nodeBuffer.allocUnsafeSlow(nbytes).buffer
      : new ArrayBuffer(nbytes);
  } catch (error) {
    throw new TorchError(`not enough memory: expected ${nbytes} bytes, got none (${(error as Error).message})`, {
      cause: error,
    });
  }
}
