/** @file `repr(module)`: torch.nn.Module.__repr__, and the form of PyTorch 2's ModuleList. */

/** Indents every line but the first. */
function addIndent(text: string, spaces: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(spaces)}`);
}

/** How a module prints. */
export interface ModuleFormat {
  /** Writes runs of equal children as `(0-2): 3 x Linear(…)`, as PyTorch 2 does for ModuleList, and there only. */
  readonly compact?: boolean;
}

/**
 * Python's `repr(module)`.
 *
 * @param name - the printed name of the class
 * @param extraRepr - what the module says about itself; a line break starts another line
 * @param children - name and printed form of each child
 * @param format.compact - write runs of equal children as one
 * @example
 * formatModule("Linear", "in_features=2, out_features=1, bias=True", [])
 * // "Linear(in_features=2, out_features=1, bias=True)"
 */
export function formatModule(
  name: string,
  extraRepr: string,
  children: readonly (readonly [name: string, text: string])[],
  { compact = false }: ModuleFormat = {},
): string {
  const extraLines = extraRepr === "" ? [] : extraRepr.split("\n");
  const childLines = (compact ? runs(children) : children).map(([key, text]) => addIndent(`(${key}): ${text}`, 2));
  const lines = [...extraLines, ...childLines];
  if (lines.length === 0) return `${name}()`;
  if (lines.length === 1 && childLines.length === 0) return `${name}(${extraRepr})`;
  return `${name}(\n  ${lines.join("\n  ")}\n)`;
}

function runs(children: readonly (readonly [string, string])[]): [string, string][] {
  const result: { first: string; last: string; count: number; text: string }[] = [];
  for (const [key, text] of children) {
    const previous = result.at(-1);
    if (previous?.text === text) {
      previous.last = key;
      previous.count++;
    } else result.push({ first: key, last: key, count: 1, text });
  }
  return result.map(({ first, last, count, text }) =>
    count === 1 ? [first, text] : [`${first}-${last}`, `${count} x ${text}`],
  );
}
