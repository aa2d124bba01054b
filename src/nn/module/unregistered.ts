/**
 * @file Finds modules and parameters that a module holds where registration cannot see them: in `#private` fields. Training such a
 * module would silently leave them out.
 *
 * Nothing can read another class's private fields, so this goes by what can be known: what was made while the module's constructor ran
 * (its frame is on the stack), is not registered, and is used by the module's first call. Something made before and passed in, or
 * global, is never reported. Classes without private names in their source cost nothing.
 */
import { isGradEnabled } from "../../autograd/modes.ts";
import { ValueError } from "../../core/errors.ts";
import { observeParameters, type Parameter } from "../../core/parameter.ts";
import { className } from "../../format/python-names.ts";
import { contentsOf, walk } from "./contents.ts";
import { addHook, internalsOf } from "./hook-lists.ts";
import type { Module } from "./module.ts";

type Class = abstract new (...args: never[]) => unknown;

/** Private names (which, unlike `#` in a text, are somewhere used without a name before them), and what compilers for older targets make of them. */
const PRIVATE = /(?<![\p{ID_Continue}$])#[\p{ID_Start}$_]|__private(?:Add|Set)|__classPrivateField/u;

const classesWithPrivates = new WeakMap<object, boolean>();

/** Whether a class, or one that it extends below `base`, has private names. */
export function hasPrivates(type: Class, base: object | null): boolean {
  let known = classesWithPrivates.get(type);
  if (known === undefined) {
    known = false;
    for (let c: object | null = type; c !== null && c !== base; c = Object.getPrototypeOf(c))
      known ||= PRIVATE.test(Function.prototype.toString.call(c));
    classesWithPrivates.set(type, known);
  }
  return known;
}

/** V8's structured stack; elsewhere there is none, and nothing is found. */
interface V8Error {
  stackTraceLimit?: number;
  prepareStackTrace?: ((error: unknown, sites: CallSite[]) => unknown) | undefined;
  captureStackTrace?(target: object): void;
}
interface CallSite {
  isConstructor(): boolean;
  getFunctionName(): string | null;
}

const FRAMES = 200;

function callSites(): readonly CallSite[] {
  const settings = Error as unknown as V8Error; // its types differ from runtime to runtime
  if (settings.captureStackTrace === undefined) return [];
  const { stackTraceLimit, prepareStackTrace } = settings;
  const holder: { stack?: unknown } = {};
  settings.stackTraceLimit = FRAMES;
  settings.prepareStackTrace = (_, sites) => sites;
  settings.captureStackTrace(holder);
  const sites = holder.stack;
  settings.prepareStackTrace = prepareStackTrace;
  if (stackTraceLimit !== undefined) settings.stackTraceLimit = stackTraceLimit;
  return Array.isArray(sites) ? sites : [];
}

/** How often each class's constructor is running, by name. */
function runningConstructors(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const site of callSites()) {
    if (!site.isConstructor()) continue;
    const name = site.getFunctionName() ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Modules with private names whose constructors may still be running, outermost first. */
let open: { readonly module: Module; readonly watch: Watch }[] = [];

/** Keeps of `open` what is on the stack; gives the innermost. */
function innermost(starting: string | null): Watch | null {
  if (open.length === 0) return null;
  const running = runningConstructors();
  if (starting !== null) running.set(starting, (running.get(starting) ?? 0) - 1);
  open = open.filter(({ module }) => {
    const { name } = module.constructor;
    const left = (running.get(name) ?? 0) - 1;
    running.set(name, left);
    return left >= 0;
  });
  if (open.length === 0) observeParameters(null);
  return open.at(-1)?.watch ?? null;
}

/** Notes that the constructor of `module` has begun. */
export function constructing(module: Module, type: Class, base: object): void {
  innermost(type.name)?.modules.add(module);
  if (!hasPrivates(type, base)) return;
  const watch = new Watch(module);
  // Constructors are synchronous: none is running any more when the microtasks are.
  if (open.length === 0)
    queueMicrotask(() => {
      open = [];
      observeParameters(null);
    });
  open.push({ module, watch });
  observeParameters((parameter) => innermost(null)?.parameters.add(parameter));
  attachWatch(module, watch);
}

function attachWatch(module: Module, watch: Watch | null): void {
  const internals = internalsOf(module);
  internals.watch = watch;
  internals.update();
}

/** What was made while a module's constructor ran, until its first call has shown that it is all registered. */
export class Watch {
  readonly modules = new Set<Module>();
  readonly parameters = new Set<Parameter>();
  private readonly owner: Module;

  constructor(owner: Module) {
    this.owner = owner;
  }

  /** Runs `forward`, then looks for what it used and nobody registered. */
  around(forward: () => unknown): unknown {
    const registered = new Set<unknown>();
    for (const [, node] of walk(this.owner)) {
      registered.add(node);
      for (const [, tensor] of contentsOf(node).tensors) registered.add(tensor);
    }
    const modules = [...this.modules].filter((m) => !registered.has(m));
    const parameters = [...this.parameters].filter((p) => !registered.has(p));
    if (modules.length + parameters.length === 0) {
      attachWatch(this.owner, null);
      return forward();
    }
    const called = new Set<Module>();
    const handles = modules.map((m) => addHook("Module", internalsOf(m), "forwardPre", () => void called.add(m), {}));
    const unused = parameters.filter((p) => (p.meta?.accumulator ?? null) === null);
    let output: unknown;
    try {
      output = forward();
    } finally {
      for (const handle of handles) handle.remove();
    }
    const module = modules.find((m) => called.has(m));
    const parameter = unused.find((p) => (p.meta?.accumulator ?? null) !== null);
    if (module !== undefined) throw unregistered(this.owner, `the module ${className(module)}`);
    if (parameter !== undefined) throw unregistered(this.owner, `a Parameter of shape [${parameter.shape.join(", ")}]`);
    // Without recording, a parameter that was used left no trace: look again next time.
    if (isGradEnabled()) attachWatch(this.owner, null);
    return output;
  }
}

function unregistered(owner: Module, what: string): ValueError {
  return new ValueError(
    `${className(owner)}: expected modules and parameters in public fields, got ${what}, which forward uses but no field holds. ` +
      "A #private field cannot be registered: parameters(), stateDict(), to() and train() would leave it out. " +
      "Wrong: #layer = new nn.Linear(2, 2); right: layer = new nn.Linear(2, 2) (or: private readonly layer)",
  );
}
