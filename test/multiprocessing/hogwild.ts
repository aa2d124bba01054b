/** @file A worker that trains shared parameters with gradients of its own, as Hogwild does; run by threads.test.ts. */
import { parentPort, workerData } from "node:worker_threads";
import * as torch from "typetorch";
import type { Message } from "../../src/multiprocessing/message.ts";

const { nn, optim } = torch;
const { fromMessage, toMessage } = torch.multiprocessing;
const threads = [torch.getNumThreads()];
torch.setNumThreads(2);
threads.push(torch.getNumThreads());

const { state, x, y } = fromMessage(
  workerData as Message<{ state: Record<string, torch.Tensor>; x: torch.Tensor; y: torch.Tensor }>,
);
const model = new nn.Linear(4, 1);
model.loadStateDict(state, { assign: true });
const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
for (let step = 0; step < 200; step++) {
  optimizer.zeroGrad();
  const loss = nn.functional.mseLoss(model(x), y);
  loss.backward();
  optimizer.step();
}
parentPort?.postMessage({
  threads,
  shared: model.parameters().map((p) => p.isShared()),
  product: toMessage(torch.ones(300, 300).matmul(torch.ones(300, 300))),
});
