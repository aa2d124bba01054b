/** @file What holds for the ops in a stretch of code: whether they are recorded, what they save, in which precision they compute. */
import type { DType } from "../core/dtype.ts";
import { AutogradError, ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";

/** What happens to tensors that are saved for backward. */
export interface SavedTensorsHooks {
  readonly pack: (tensor: Tensor) => unknown;
  readonly unpack: (packed: unknown) => Tensor;
}

/** Ops that gain from it compute in a smaller dtype. */
export interface Autocast {
  readonly dtype: DType;
  /** Casts of parameters, which one stretch of code makes once; `null` where each use makes its own. */
  readonly cache: WeakMap<Tensor, Tensor> | null;
}

export interface Mode {
  readonly grad: boolean;
  readonly inference: boolean;
  readonly autocast: Autocast | null;
  readonly savedHooks: SavedTensorsHooks | null;
}

const RECORDING: Mode = { grad: true, inference: false, autocast: null, savedHooks: null };
const NO_GRAD: Mode = { ...RECORDING, grad: false };
const INFERENCE: Mode = { ...NO_GRAD, inference: true };

/** The mode here with the recording of `form`; mostly `form` itself. */
function recordingAs(form: Mode): Mode {
  const now = mode();
  if (now.autocast === null && now.savedHooks === null) return form;
  return { ...now, grad: form.grad, inference: form.inference };
}

/** The mode of synchronous code; asynchronous callbacks carry theirs in `asyncModes`. */
let current: Mode = RECORDING;

/** Where asynchronous modes live: an `AsyncLocalStorage`, made at the first asynchronous callback. */
interface AsyncModes {
  run<R>(mode: Mode, body: () => R): R;
  getStore(): Mode | undefined;
}
let asyncModes: AsyncModes | null = null;
/** How many asynchronous callbacks are under way: while there are none, reading the mode costs one comparison. */
let asyncActive = 0;

/** The mode in force here. */
export function mode(): Mode {
  return asyncActive === 0 ? current : modeDuringAsync();
}

/** Whether ops are recorded here. PyTorch: `torch.is_grad_enabled`. */
export function isGradEnabled(): boolean {
  return asyncActive === 0 ? current.grad : modeDuringAsync().grad;
}

/** PyTorch: `torch.is_inference_mode_enabled`. */
export function isInferenceModeEnabled(): boolean {
  return mode().inference;
}

function modeDuringAsync(): Mode {
  // A synchronous mode inside an asynchronous one is the nearer of the two.
  return syncDepth > 0 ? current : (asyncModes?.getStore() ?? current);
}
let syncDepth = 0;

/** Runs `body` in `next`; engine-internal, for synchronous code only. */
export function withMode<R>(next: Mode, body: () => R): R {
  const before = current;
  current = next;
  syncDepth++;
  try {
    return body();
  } finally {
    current = before;
    syncDepth--;
  }
}

/** Precision that ops compute in here; `null` for their operands' own. */
export function autocastMode(): Autocast | null {
  return asyncActive === 0 ? current.autocast : modeDuringAsync().autocast;
}

/** What happens here to tensors that are saved for backward; `null` for nothing. */
export function savedHooks(): SavedTensorsHooks | null {
  return asyncActive === 0 ? current.savedHooks : modeDuringAsync().savedHooks;
}

/**
 * Runs `body` with recording on or off, and with no other mode: what goes on inside of an op or of the engine. Synchronous code only.
 */
export function withGrad<R>(enabled: boolean, body: () => R): R {
  return withMode(enabled ? RECORDING : NO_GRAD, body);
}

/** Runs `body` with recording on or off, and the other modes as they are; for synchronous code only. */
export function withRecording<R>(enabled: boolean, body: () => R): R {
  return withMode(recordingAs(enabled ? RECORDING : NO_GRAD), body);
}

/** A mode opened with `using`: closes at the end of the block. */
export interface ModeScope {
  [Symbol.dispose](): void;
}

function openScope(name: string, next: Mode): ModeScope {
  const before = current;
  current = next;
  syncDepth++;
  let state: "open" | "closed" | "cancelled" = "open";
  const close = () => {
    current = before;
    syncDepth--;
  };
  // Code after an await would run in a mode that others see too, so the scope ends before the first microtask.
  queueMicrotask(() => {
    if (state !== "open") return;
    state = "cancelled";
    close();
  });
  return {
    [Symbol.dispose]() {
      if (state === "cancelled")
        throw new AutogradError(
          `${name}: expected "using _ = torch.${name}()" in synchronous code, but its block reached an await; use torch.${name}(async () => …)`,
        );
      if (state === "open") close();
      state = "closed";
    },
  };
}

function isThenable(x: unknown): x is PromiseLike<unknown> {
  return typeof x === "object" && x !== null && typeof (x as { then?: unknown }).then === "function";
}

interface BuiltinModules {
  getBuiltinModule?(id: string): { AsyncLocalStorage: new () => AsyncModes } | undefined;
}

function makeAsyncModes(): AsyncModes | null {
  const { process } = globalThis as { process?: BuiltinModules };
  const hooks = process?.getBuiltinModule?.("node:async_hooks");
  return hooks ? new hooks.AsyncLocalStorage() : null;
}

const AsyncFunction = (async () => {}).constructor;

function run<R>(name: string, next: Mode, body: () => R): R {
  if (!(body instanceof AsyncFunction)) {
    const result = withMode(next, body);
    if (!isThenable(result)) return result;
    throw new AutogradError(
      `${name}: a callback that returns a Promise must be declared async (async () => …), so that the mode can follow it`,
    );
  }
  asyncModes ??= makeAsyncModes();
  if (!asyncModes)
    throw new AutogradError(
      `${name}: an async callback needs AsyncLocalStorage, which is not there; use synchronous callbacks around each step`,
    );
  asyncActive++;
  const result = asyncModes.run(next, body) as R & PromiseLike<unknown>;
  const done = () => {
    asyncActive--;
  };
  result.then(done, done);
  return result;
}

/** `torch.noGrad(() => …)`, or `using _ = torch.noGrad()`. */
export interface ModeFunction {
  (): ModeScope;
  <R>(body: () => R): R;
}

function modeFunction(name: string, next: () => Mode): ModeFunction {
  return (<R>(body?: () => R): R | ModeScope => inMode(name, next(), body)) as ModeFunction;
}

/** Runs `body` in a mode, or opens a scope that has it until the end of its block. */
export function inMode<R>(name: string, next: Mode, body: (() => R) | undefined): R | ModeScope {
  if (body === undefined) return openScope(name, next);
  if (typeof body !== "function") throw new ValueError(`${name}: expected a function, got ${typeof body}`);
  return run(name, next, body);
}

/**
 * Runs a callback without recording for autograd; results do not require grad. The callback may be async on Node.
 * Without a callback: a scope for `using`, in synchronous code. PyTorch: `torch.no_grad`.
 * @example
 * const x = torch.ones([2], { requiresGrad: true });
 * torch.noGrad(() => x.mul(2).requiresGrad) // false
 */
export const noGrad: ModeFunction = modeFunction("noGrad", () => recordingAs(NO_GRAD));

/** Switches recording on again inside `noGrad`. PyTorch: `torch.enable_grad`. */
export const enableGrad: ModeFunction = modeFunction("enableGrad", () => recordingAs(RECORDING));

/** Like `noGrad`, and what is made inside can never be recorded later. PyTorch: `torch.inference_mode`. */
export const inferenceMode: ModeFunction = modeFunction("inferenceMode", () => recordingAs(INFERENCE));

/**
 * Switches recording on or off, from here on or for a callback. PyTorch: `torch.set_grad_enabled`.
 */
export function setGradEnabled(enabled: boolean): void;
export function setGradEnabled<R>(enabled: boolean, body: () => R): R;
export function setGradEnabled<R>(enabled: boolean, body?: () => R): R | undefined {
  const next = recordingAs(enabled ? RECORDING : NO_GRAD);
  if (body !== undefined) return run("setGradEnabled", next, body);
  current = next;
  return undefined;
}
