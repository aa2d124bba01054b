/** @file Tensors and the engine in worker threads. */
import * as torch from "typetorch";
import { nn } from "typetorch";
import { expect, test } from "vitest";
import { typescriptWorker } from "../../examples/serve/typescript-worker.ts";
import type { Message } from "../../src/multiprocessing/message.ts";

const { fromMessage, toMessage } = torch.multiprocessing;
const execArgv = ["--conditions=@typetorch/source"];

interface Answer {
  readonly threads: readonly number[];
  readonly shared: readonly boolean[];
  readonly product: Message<torch.Tensor>;
}

test("workers train one model in shared memory, with a thread each", async () => {
  torch.manualSeed(0);
  const x = torch.randn(64, 4);
  const y = x.matmul(torch.tensor([[1], [-2], [3], [0.5]])).add(0.25);
  const model = new nn.Linear(4, 1).shareMemory();
  const before = torch.getNumThreads();
  const workerData = toMessage({ state: model.stateDict(), x: x.shareMemory_(), y: y.shareMemory_() });
  expect(workerData.transfer).toEqual([]);
  const answers = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<Answer>((resolve, reject) => {
          const file = new URL("./hogwild.ts", import.meta.url);
          typescriptWorker(file, { workerData, execArgv }).on("message", resolve).on("error", reject);
        }),
    ),
  );
  for (const { threads, shared, product } of answers) {
    expect(threads).toEqual([1, 2]);
    expect(shared).toEqual([true, true]);
    expect(fromMessage(product).eq(300).all().item()).toBe(true);
  }
  expect(torch.getNumThreads()).toBe(before);
  expect(nn.functional.mseLoss(model(x), y).item()).toBeLessThan(1e-3);
});
