/** @file Names of nodes. */

/** `logSigmoid` → `LogSigmoidBackward0`; as in PyTorch, a letter after a digit is a capital: `log1p` → `Log1PBackward0`. */
export function nodeNameOf(name: string): string {
  return `${name.replace(/^[a-z]|(?<=\d)[a-z]/g, (letter) => letter.toUpperCase())}Backward0`;
}
