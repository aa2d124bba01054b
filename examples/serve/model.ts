/** @file The quickstart's network, which both the server and its workers make. */
import { nn, type Tensor } from "typetorch";

export const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;

export const SIDE = 28;
/** Numbers of a picture. */
export const PIXELS: number = SIDE * SIDE;

export class NeuralNetwork extends nn.Module {
  flatten = new nn.Flatten();
  linearReluStack = new nn.Sequential(
    new nn.Linear(PIXELS, 512),
    new nn.ReLU(),
    new nn.Linear(512, 512),
    new nn.ReLU(),
    new nn.Linear(512, CLASSES.length),
  );

  forward(x: Tensor): Tensor {
    return this.linearReluStack(this.flatten(x)); // (N, 10)
  }
}
