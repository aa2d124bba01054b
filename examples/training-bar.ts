/** @file A progress bar with loss, rate and time left, on terminals. */
import { clearLine, cursorTo } from "node:readline";
import { SingleBar } from "cli-progress";

export class TrainingBar {
  private readonly bar: SingleBar | null;
  private readonly start = performance.now();
  private loss = Number.NaN;

  /** @param total - samples in an epoch */
  constructor(total: number) {
    this.bar = process.stderr.isTTY
      ? new SingleBar({
          format: "{bar} {percentage}% | loss {loss} | {rate} samples/s | {eta_formatted} left",
          barsize: 30,
          clearOnComplete: true,
          hideCursor: true,
        })
      : null;
    this.bar?.start(total, 0, { loss: "-", rate: "-" });
  }

  /** `samples` of this epoch are done. */
  update(samples: number): void {
    const rate = (samples / (performance.now() - this.start)) * 1000;
    this.bar?.update(samples, { loss: this.loss.toFixed(4), rate: rate.toFixed(0) });
  }

  /** Prints a line above the bar, which shows the loss from then on. */
  print(line: string, loss: number): void {
    this.loss = loss;
    if (this.bar !== null) {
      cursorTo(process.stderr, 0);
      clearLine(process.stderr, 0);
    }
    console.log(line);
    this.bar?.render();
  }

  stop(): void {
    this.bar?.stop();
  }
}
