/**
 * @file A small convolutional network learns to tell ten kinds of pictures apart: PyTorch's tutorial on CIFAR-10, on its first 4000 pictures.
 *
 *     npx tsx examples/lenet.ts --root data [--epochs 10] [--seed 0] [--threads 2]
 *
 * `data/cifar10/data_batch_1_first4000.bin` is the beginning of `data_batch_1.bin` of
 * https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz: of each picture a byte that says its kind, then 3 × 32 × 32 bytes.
 * The same program in Python: test/twins/lenet.py
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";

const F = nn.functional;
const { DataLoader, TensorDataset } = torch.utils.data;

const { values: options } = parseArgs({
  options: {
    root: { type: "string", default: "data" },
    epochs: { type: "string", default: "10" },
    steps: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "0" },
    threads: { type: "string" },
    "log-every": { type: "string", default: "50" },
  },
});
const number = (name: keyof typeof options) => Number(options[name]);

if (options.threads !== undefined) torch.setNumThreads(number("threads"));
torch.manualSeed(number("seed"));

const classes = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const bytes = readFileSync(join(options.root, "cifar10", "data_batch_1_first4000.bin"));
const records = torch.tensor(new Uint8Array(bytes)).view(-1, 1 + 3 * 32 * 32);
const images = records.at(":", "1:").reshape(-1, 3, 32, 32).div(127.5).sub(1); // within [−1, 1]
const labels = records.at(":", 0).to(torch.int64);
const trainLoader = new DataLoader(new TensorDataset(images.at(":3200"), labels.at(":3200")), {
  batchSize: 32,
  shuffle: true,
});
const testLoader = new DataLoader(new TensorDataset(images.at("3200:"), labels.at("3200:")), { batchSize: 100 });

class Net extends nn.Module {
  conv1 = new nn.Conv2d(3, 6, 5);
  pool = new nn.MaxPool2d(2, 2);
  conv2 = new nn.Conv2d(6, 16, 5);
  fc1 = new nn.Linear(16 * 5 * 5, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);

  forward(x: Tensor): Tensor {
    x = this.pool(F.relu(this.conv1(x))); // (N, 6, 14, 14)
    x = this.pool(F.relu(this.conv2(x))); // (N, 16, 5, 5)
    x = x.flatten(1);
    x = F.relu(this.fc1(x));
    x = F.relu(this.fc2(x));
    return this.fc3(x);
  }
}

const net = new Net();
console.log(String(net));
const criterion = new nn.CrossEntropyLoss();
const optimizer = new torch.optim.SGD(net.parameters(), { lr: 0.01, momentum: 0.9 });

/** How many pictures of each kind there are, and how many of them are recognised. */
function test(): { count: Tensor; correct: Tensor } {
  return torch.noGrad(() => {
    const [found, truth] = [[], []] as [Tensor[], Tensor[]];
    for (const [x, y] of testLoader) {
      found.push(net(x).argmax(1));
      truth.push(y);
    }
    const y = torch.cat(truth);
    const kinds = { minlength: classes.length };
    return { count: y.bincount(kinds), correct: y.at(torch.cat(found).eq(y)).bincount(kinds) };
  });
}

let step = 0;
for (let epoch = 1; epoch <= number("epochs") && step < number("steps"); epoch++) {
  for await (const [x, y] of trainLoader) {
    optimizer.zeroGrad();
    const loss = criterion(net(x), y);
    loss.backward();
    optimizer.step();
    if (step % number("log-every") === 0) console.log(`step ${step}: loss ${loss.item().toFixed(6)}`);
    if (++step >= number("steps")) break;
  }
  const { count, correct } = test();
  const accuracy = correct.sum().item() / count.sum().item();
  console.log(`Epoch ${epoch}: ${(100 * accuracy).toFixed(1)}% of the test pictures are recognised`);
}

const { count, correct } = test();
const rates = correct.div(count).tolist() as number[];
for (const [i, rate] of rates.entries()) console.log(`${classes[i]!.padStart(6)}: ${(100 * rate).toFixed(1)}%`);
