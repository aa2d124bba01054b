/** @file Transforms made of functions. */
import { describe, ValueError } from "../../core/errors.ts";
import { Transform } from "./transform.ts";

/** A function, a transform or a module of one argument. */
// biome-ignore lint/suspicious/noExplicitAny: each takes what the one before gives, which the tuple's type does not check
export type Step = (input: any) => unknown;

type First<T extends readonly Step[]> = T extends readonly [infer F extends Step, ...unknown[]]
  ? Parameters<F>[0]
  : unknown;
type Last<T extends readonly Step[]> = T extends readonly [...unknown[], infer F extends Step]
  ? ReturnType<F>
  : unknown;

/**
 * Several transforms, one after the other. torchvision: `transforms.Compose`.
 * @example
 * const transform = new Compose([new transforms.ToTensor(), new transforms.Normalize([0.5], [0.5])]);
 * transform(new Image("L", 2, 1, new Uint8Array([0, 255]))) // tensor([[[-1.,  1.]]])
 */
export class Compose<const T extends readonly Step[]> extends Transform<First<T>, Last<T>> {
  static override readonly printedName = "Compose";
  readonly transforms: T;

  constructor(transforms: T) {
    super();
    if (!Array.isArray(transforms))
      throw new ValueError(`Compose: expected an array of transforms, got ${describe(transforms)}`);
    for (const step of transforms as readonly unknown[]) checkCallable("Compose", step);
    this.transforms = transforms;
    const [first] = transforms as readonly (Step & Pick<Transform<unknown, unknown>, "many">)[];
    if (first?.many !== undefined) this.many = (inputs) => first.many!(inputs).map((x) => this.run(x, 1));
  }

  forward(input: First<T>): Last<T> {
    return this.run(input, 0);
  }

  /** The steps from number `start` on; sample by sample, so that random ones draw in the order of single calls. */
  private run(input: unknown, start: number): Last<T> {
    let x = input;
    for (let i = start; i < this.transforms.length; i++) x = (this.transforms[i] as Step)(x);
    return x as Last<T>;
  }

  override toString(): string {
    return `Compose(${this.transforms.map((step) => `\n    ${step}`).join("")}\n)`;
  }
}

/** A function as a transform. torchvision: `transforms.Lambda`. */
export class Lambda<I, O> extends Transform<I, O> {
  static override readonly printedName = "Lambda";
  readonly lambd: (input: I) => O;

  constructor(lambd: (input: I) => O) {
    super();
    checkCallable("Lambda", lambd);
    this.lambd = lambd;
  }

  forward(input: I): O {
    return this.lambd(input);
  }
}

function checkCallable(op: string, step: unknown): void {
  if (typeof step !== "function")
    throw new ValueError(`${op}: expected a function or a transform, got ${describe(step)}`);
}
