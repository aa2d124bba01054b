/** @file A progress bar with loss, rate and time left, on terminals. */
import { SingleBar } from "cli-progress";

export class TrainingBar {
  private readonly bar: SingleBar | null = null;
  private readonly total: number;
  private readonly begin = performance.now();
  private done = 0;
  private loss = "-";

  /** @param total - samples in an epoch */
  constructor(total: number) {
    this.total = total;
    if (!process.stderr.isTTY) return;
    const format = "{bar} {percentage}% | loss {loss} | {rate} samples/s | {left} s left";
    this.bar = new SingleBar({ format, barsize: 30, clearOnComplete: true, hideCursor: true });
    this.bar.start(total, 0, this.figures());
  }

  private figures() {
    const rate = this.done / ((performance.now() - this.begin) / 1000);
    const left = this.done === 0 ? "?" : ((this.total - this.done) / rate).toFixed(1);
    return { loss: this.loss, rate: rate.toFixed(0), left };
  }

  /** So many samples of the epoch are done. */
  update(done: number): void {
    this.done = done;
    this.bar?.update(done, this.figures());
  }

  /** Prints a line above the bar, which shows the loss from then on. */
  print(line: string, loss: number): void {
    this.bar?.stop();
    console.log(line);
    this.loss = loss.toFixed(4);
    this.bar?.start(this.total, this.done, this.figures());
  }

  stop(): void {
    this.bar?.stop();
  }
}
