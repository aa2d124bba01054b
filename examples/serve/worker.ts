/** @file A worker: takes batches of request bodies, gives their answers. Its parameters are the main thread's. */
import { parentPort, workerData } from "node:worker_threads";
import * as torch from "typetorch";
import { type Answer, failure, success } from "./answer.ts";
import { NeuralNetwork, PIXELS } from "./model.ts";
import { pixelsOf, prediction } from "./picture.ts";

const { fromMessage } = torch.multiprocessing;
type State = ReturnType<NeuralNetwork["stateDict"]>;

const model = torch.nn.utils.skipInit(NeuralNetwork).eval();
model.loadStateDict(fromMessage<State>(workerData), { assign: true });

parentPort?.on("message", (bodies: readonly Uint8Array[]) => parentPort?.postMessage(answersTo(bodies)));
parentPort?.postMessage("ready");

/** An answer for each body: those that can be read are predicted as one batch. */
function answersTo(bodies: readonly Uint8Array[]): Answer[] {
  const answers: Answer[] = [];
  const pixels = new Float32Array(bodies.length * PIXELS);
  const rows: number[] = []; // of the batch: whose they are
  for (const [i, body] of bodies.entries())
    try {
      pixels.set(pixelsOf(body), rows.length * PIXELS);
      rows.push(i);
    } catch (error) {
      answers[i] = failure(error);
    }
  const probabilities = predict(pixels.subarray(0, rows.length * PIXELS));
  for (const [row, i] of rows.entries()) answers[i] = success(prediction(probabilities[row] as number[]));
  return answers;
}

function predict(pixels: Float32Array<ArrayBuffer>): number[][] {
  const X = torch.fromNumpy(pixels).view(-1, PIXELS); // (N, 784)
  return torch.inferenceMode(() => model(X).softmax(1)).tolist() as number[][]; // (N, 10)
}
