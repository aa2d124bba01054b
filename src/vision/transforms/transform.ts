/** @file What a transform is: a function with a printed form. */

export interface Transform<I, O> {
  (input: I): O;

  /**
   * The outputs of several inputs, for transforms that do these faster together. It must not change or keep its inputs, which may
   * lie in memory that others use.
   */
  many?(inputs: readonly I[]): O[];
}

/**
 * Base of transforms: an instance is called like a function and runs `forward`. Plain functions and modules serve as transforms too.
 * @example
 * class Invert extends Transform<Tensor, Tensor> {
 *   forward(x: Tensor) {
 *     return x.neg().add(1);
 *   }
 * }
 * new Invert()(torch.zeros(2)) // tensor([1., 1.])
 */
export abstract class Transform<I, O> {
  /** What the class prints as; minifiers change class names, and this not. */
  static readonly printedName?: string;

  constructor() {
    const self: this = ((input: I) => self.forward(input)) as never;
    // A function has these of its own, where a subclass may want fields of the name.
    delete (self as { name?: unknown }).name;
    delete (self as { length?: unknown }).length;
    Object.setPrototypeOf(self, new.target.prototype);
    // biome-ignore lint/correctness/noConstructorReturn: this is how an instance can be called
    return self;
  }

  /** Computes the output of one input. */
  abstract forward(input: I): O;

  /** What stands between the parentheses when it prints. */
  extraRepr(): string {
    return "";
  }

  toString(): string {
    const type = this.constructor as typeof Transform & { name: string };
    return `${type.printedName ?? type.name}(${this.extraRepr()})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
