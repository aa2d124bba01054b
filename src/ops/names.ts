/** @file Names of nodes. */

/** `logSigmoid` → `LogSigmoidBackward0`. */
export function nodeNameOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}Backward0`;
}
