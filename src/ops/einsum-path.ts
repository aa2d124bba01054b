/** @file In which order `einsum` multiplies its operands: the one that takes the fewest multiplications. */

/** An operand by number, or the product of two parts. */
export type Path = number | readonly [Path, Path];

/** Above this many operands, all orders are too many to compare: they are multiplied from left to right. */
const MOST_COMPARED = 8;

interface Best {
  readonly cost: number;
  readonly path: Path;
}

/**
 * @param labels - of each operand
 * @param output - labels of the result: others vanish as soon as no operand outside has them
 */
export function bestPath(
  labels: readonly (readonly string[])[],
  output: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Path {
  const n = labels.length;
  if (n > MOST_COMPARED) return labels.reduce<Path>((path, _, i) => (i === 0 ? 0 : [path, i]), 0);
  const all = (1 << n) - 1;
  const labelsIn = (set: number) => new Set(labels.filter((_, i) => set & (1 << i)).flat());
  /** Labels of the product of a set of operands. */
  const left = (set: number) => {
    if ((set & (set - 1)) === 0) return labelsIn(set);
    const needed = new Set([...output, ...labelsIn(all & ~set)]);
    return new Set([...labelsIn(set)].filter((label) => needed.has(label)));
  };
  const kept = Array.from({ length: all + 1 }, (_, set) => left(set));
  const best: Best[] = [];
  for (let set = 1; set <= all; set++) {
    let found: Best = { cost: Infinity, path: Math.log2(set) };
    if ((set & (set - 1)) === 0) found = { cost: 0, path: Math.log2(set) };
    // Each split once: the part with the lowest operand first.
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & set & -set) === 0) continue;
      const rest = set & ~part;
      const [a, b] = [best[part] as Best, best[rest] as Best];
      let multiplications = 1;
      for (const label of new Set([...(kept[part] as Set<string>), ...(kept[rest] as Set<string>)]))
        multiplications *= sizes.get(label) as number;
      const cost = a.cost + b.cost + multiplications;
      if (cost < found.cost) found = { cost, path: [a.path, b.path] };
    }
    best[set] = found;
  }
  return (best[all] as Best).path;
}
