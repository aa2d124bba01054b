/** @file A worker: takes batches of pictures, gives probabilities. Its parameters are the main thread's. */
import { parentPort, workerData } from "node:worker_threads";
import * as torch from "typetorch";
import { NeuralNetwork, PIXELS } from "./model.ts";

const { fromMessage } = torch.multiprocessing;
type State = ReturnType<NeuralNetwork["stateDict"]>;

const model = torch.nn.utils.skipInit(NeuralNetwork).eval();
model.loadStateDict(fromMessage<State>(workerData), { assign: true });

parentPort?.on("message", (pixels: Float32Array<ArrayBuffer>) => {
  const probabilities = torch.inferenceMode(() => {
    const X = torch.fromNumpy(pixels).view(-1, PIXELS);
    return model(X).softmax(1).numpy() as Float32Array<ArrayBuffer>; // (N, 10)
  });
  parentPort?.postMessage(probabilities, [probabilities.buffer]);
});
parentPort?.postMessage("ready");
