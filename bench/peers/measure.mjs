// How a step is timed: as in bench/measure.ts, for steps that may be asynchronous.
const round4 = (x) => Math.round(x * 1e4) / 1e4;

export async function measure(step, seconds) {
  for (let i = 0; i < 3; i++) await step();
  const rounds = [];
  for (let r = 0; r < 3; r++) {
    const start = performance.now();
    let n = 0;
    do {
      await step();
      n++;
    } while (n < 2 || performance.now() - start < (seconds * 1e3) / 3);
    rounds.push((performance.now() - start) / n);
  }
  return { ms: round4(Math.min(...rounds)), max: round4(Math.max(...rounds)) };
}
