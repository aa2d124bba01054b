/** @file `torchvision.datasets`. */
export { DatasetError, type DatasetProblem } from "./error.ts";
export { FashionMNIST, KMNIST, MNIST, type MNISTOptions } from "./mnist.ts";
export { Shapes, type ShapesOptions } from "./shapes.ts";
