/**
 * @file An LSTM that learns to make up first names, letter by letter.
 *
 *     npx tsx examples/char-lstm.ts --root data [--epochs 3] [--seed 0] [--threads 2]
 *
 * `data/text/names.txt` comes from https://raw.githubusercontent.com/karpathy/makemore/master/names.txt
 * The same program in Python: test/twins/char_lstm.py
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";

const { PackedSequence, packSequence } = nn.utils.rnn;
const { DataLoader, randomSplit } = torch.utils.data;

const { values: options } = parseArgs({
  options: {
    root: { type: "string", default: "data" },
    epochs: { type: "string", default: "3" },
    steps: { type: "string", default: "Infinity" },
    seed: { type: "string", default: "0" },
    threads: { type: "string" },
    hidden: { type: "string", default: "128" },
    batch: { type: "string", default: "64" },
    "log-every": { type: "string", default: "100" },
  },
});
const number = (name: keyof typeof options) => Number(options[name]);
const [hidden, batchSize, logEvery] = [number("hidden"), number("batch"), number("log-every")];

if (options.threads !== undefined) torch.setNumThreads(number("threads"));
torch.manualSeed(number("seed"));

const names = readFileSync(join(options.root, "text", "names.txt"), "utf8")
  .trim()
  .split("\n");
// Letter 0 stands before and after each name.
const letters = [".", ...new Set(names.join(""))].sort();
const numberOf = new Map(letters.map((letter, i) => [letter, i]));
const encode = (name: string) => torch.tensor(Array.from(`.${name}.`, (letter) => numberOf.get(letter)!));
const [trainNames, testNames] = randomSplit(names.map(encode), [0.9, 0.1]);

/** Names of several lengths, packed: each letter, and the one that follows it. */
const collateFn = (samples: Tensor[]) => ({
  x: packSequence(
    samples.map((name) => name.at(":-1")),
    { enforceSorted: false },
  ),
  y: packSequence(
    samples.map((name) => name.at("1:")),
    { enforceSorted: false },
  ).data,
});
const trainLoader = new DataLoader(trainNames!, { batchSize, shuffle: true, collateFn });
const testLoader = new DataLoader(testNames!, { batchSize: 512, collateFn });

class Speller extends nn.Module {
  embed = new nn.Embedding(letters.length, 32);
  lstm = new nn.LSTM(32, hidden, { numLayers: 2, dropout: 0.1 });
  head = new nn.Linear(hidden, letters.length);

  /** The scores of the next letter, after each letter of each name: (all letters, letters.length). */
  forward(x: nn.utils.rnn.PackedSequence): Tensor {
    const vectors = new PackedSequence(this.embed(x.data), x.batchSizes, x.sortedIndices, x.unsortedIndices);
    const [output] = this.lstm(vectors);
    return this.head(output.data);
  }

  /** Makes up a name, keeping the state of the network from letter to letter. */
  spell(): string {
    return torch.noGrad(() => {
      let letter = torch.zeros([1], { dtype: torch.int64 });
      let state: torch.LSTMState | null = null;
      let name = "";
      while (name.length < 20) {
        let output: Tensor;
        [output, state] = this.lstm(this.embed(letter), state); // (1, hidden)
        letter = torch.multinomial(this.head(output).at(0).softmax(0), 1);
        if (letter.item() === 0) break;
        name += letters[letter.item()];
      }
      return name;
    });
  }
}

const model = new Speller();
console.log(String(model));
const lossFn = new nn.CrossEntropyLoss();
const optimizer = new torch.optim.Adam(model.parameters(), { lr: 3e-3 });

function test(): number {
  model.eval();
  let [sum, count] = [0, 0];
  torch.noGrad(() => {
    for (const { x, y } of testLoader) {
      sum += lossFn(model(x), y).item() * y.numel();
      count += y.numel();
    }
  });
  model.train();
  return sum / count;
}

let step = 0;
for (let epoch = 1; epoch <= number("epochs") && step < number("steps"); epoch++) {
  for await (const { x, y } of trainLoader) {
    const loss = lossFn(model(x), y);
    optimizer.zeroGrad();
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 1);
    optimizer.step();
    if (step % logEvery === 0) console.log(`step ${step}: loss ${loss.item().toFixed(6)}`);
    if (++step >= number("steps")) break;
  }
  console.log(`Epoch ${epoch}: test loss ${test().toFixed(4)}`);
}

model.eval();
console.log(Array.from({ length: 10 }, () => model.spell()).join(" "));
