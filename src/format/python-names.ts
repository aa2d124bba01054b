/** @file Python's names of fields and classes: what stands in a state_dict and in print. */

/**
 * The name that Python code would give a field: `linearReluStack` → `linear_relu_stack`. A name without capitals, or one that
 * begins with a capital, stays as it is.
 */
export function snakeCase(name: string): string {
  if (!/[A-Z]/.test(name) || /^_*[A-Z]/.test(name)) return name;
  return name.replace(/_?([A-Z])/g, (_, capital: string) => `_${capital.toLowerCase()}`);
}

/** The name that a field has here: `weight_decay` → `weightDecay`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What library classes carry, so that minifiers cannot change how they print. */
interface PrintedClass {
  readonly name: string;
  readonly printedName?: string;
}

/** The printed name of an object's class. */
export function className(x: object): string {
  const type = x.constructor as unknown as PrintedClass;
  return Object.hasOwn(type, "printedName") ? (type.printedName as string) : type.name;
}
