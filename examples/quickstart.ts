/**
 * @file PyTorch's quickstart tutorial: a network learns to tell ten kinds of clothes apart.
 *
 *     npm run quickstart -- [--root data] [--epochs 5] [--seed 0] [--device cpu]
 *
 * The tutorial in Python: https://pytorch.org/tutorials/beginner/basics/quickstart_tutorial.html
 */
import { parseArgs } from "node:util";
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { datasets, transforms } from "typetorch/vision";
import { TrainingBar } from "./training-bar.ts";

const { DataLoader } = torch.utils.data;
const { ToTensor } = transforms;

const { values: options } = parseArgs({
  options: {
    root: { type: "string", default: "data" },
    epochs: { type: "string", default: "5" },
    seed: { type: "string" },
    device: { type: "string" },
  },
});

const transform = new ToTensor();

function loadData() {
  try {
    const { root } = options;
    return [
      // Download training data from open datasets.
      new datasets.FashionMNIST({ root, train: true, download: true, transform }),
      // Download test data from open datasets.
      new datasets.FashionMNIST({ root, train: false, download: true, transform }),
    ] as const;
  } catch (error) {
    if (!(error instanceof datasets.DatasetError && error.problem === "download")) throw error;
    console.log(`${error.message}\nUsing generated pictures of ten shapes instead.\n`);
    return [new datasets.Shapes({ train: true, transform }), new datasets.Shapes({ train: false, transform })] as const;
  }
}
const [trainingData, testData] = loadData();

const batchSize = 64;

// Create data loaders.
const trainDataloader = new DataLoader(trainingData, { batchSize });
const testDataloader = new DataLoader(testData, { batchSize });

for (const [X, y] of testDataloader) {
  console.log(`Shape of X [N, C, H, W]: torch.Size([${X.shape.join(", ")}])`);
  console.log(`Shape of y: torch.Size([${y.shape.join(", ")}]) ${y.dtype}`);
  break;
}

const device = options.device ?? torch.accelerator.currentAccelerator()?.type ?? "cpu";
console.log(`Using ${device} device`);

// The loader above has drawn from the generator: seeding here makes the weights depend on the seed alone.
if (options.seed !== undefined) torch.manualSeed(Number(options.seed));

// Define model
class NeuralNetwork extends nn.Module {
  flatten = new nn.Flatten();
  linearReluStack = new nn.Sequential(
    new nn.Linear(28 * 28, 512),
    new nn.ReLU(),
    new nn.Linear(512, 512),
    new nn.ReLU(),
    new nn.Linear(512, 10),
  );

  forward(x: Tensor): Tensor {
    x = this.flatten(x);
    const logits = this.linearReluStack(x);
    return logits;
  }
}

const model = new NeuralNetwork().to(device);
console.log(model);

const lossFn = new nn.CrossEntropyLoss();
const optimizer = new torch.optim.SGD(model.parameters(), { lr: 1e-3 });

async function train(dataloader: typeof trainDataloader) {
  const size = trainingData.length;
  const bar = new TrainingBar(size);
  let batch = 0;
  model.train();
  for await (let [X, y] of dataloader) {
    [X, y] = [X.to(device), y.to(device)];

    // Compute prediction error
    const pred = model(X);
    const loss = lossFn(pred, y);

    // Backpropagation
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();

    const current = batch * batchSize + X.shape[0]!;
    if (batch % 100 === 0) {
      const value = loss.item();
      bar.print(`loss: ${value.toFixed(6).padStart(7)}  [${pad(current)}/${pad(size)}]`, value);
    }
    bar.update(current);
    batch++;
  }
  bar.stop();
}

const pad = (n: number) => String(n).padStart(5);

async function test(dataloader: typeof testDataloader) {
  const size = testData.length;
  const numBatches = dataloader.length;
  model.eval();
  let testLoss = 0;
  let correct = 0;
  await torch.noGrad(async () => {
    for await (let [X, y] of dataloader) {
      [X, y] = [X.to(device), y.to(device)];
      const pred = model(X);
      testLoss += lossFn(pred, y).item();
      correct += pred.argmax(1).eq(y).to(torch.float32).sum().item();
    }
  });
  testLoss /= numBatches;
  correct /= size;
  console.log(
    `Test Error: \n Accuracy: ${(100 * correct).toFixed(1)}%, Avg loss: ${testLoss.toFixed(6).padStart(8)} \n`,
  );
}

for (let t = 0; t < Number(options.epochs); t++) {
  console.log(`Epoch ${t + 1}\n-------------------------------`);
  await train(trainDataloader);
  await test(testDataloader);
}
console.log("Done!");

// Save the model, and load it into a new one.
await torch.save(model.stateDict(), "model.pth");
console.log("Saved PyTorch Model State to model.pth");

const loaded = new NeuralNetwork().to(device);
loaded.loadStateDict(await torch.load("model.pth", { weightsOnly: true }));

// Predict.
const classes = testData.classes;
loaded.eval();
const [x, y] = testData.at(0);
torch.noGrad(() => {
  const pred = loaded(x.to(device));
  const predicted = classes[pred.at(0).argmax(0).item()];
  const actual = classes[y];
  console.log(`Predicted: "${predicted}", Actual: "${actual}"`);
});
