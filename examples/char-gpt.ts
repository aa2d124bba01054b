/**
 * @file A small GPT that learns to write like Shakespeare, letter by letter, after Andrej Karpathy's nanoGPT.
 *
 *     npx tsx examples/char-gpt.ts --root data [--steps 2000] [--seed 1337] [--threads 2]
 *
 * `data/text/tinyshakespeare_input.txt` comes from https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt
 * The same program in Python: test/twins/char_gpt.py; the original: https://github.com/karpathy/nanoGPT
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";

const F = nn.functional;

const { values: options } = parseArgs({
  options: {
    root: { type: "string", default: "data" },
    steps: { type: "string", default: "2000" },
    seed: { type: "string", default: "1337" },
    threads: { type: "string" },
    // The model: B batch, T context, C channels.
    layers: { type: "string", default: "6" },
    heads: { type: "string", default: "6" },
    channels: { type: "string", default: "192" },
    context: { type: "string", default: "128" },
    batch: { type: "string", default: "16" },
    dropout: { type: "string", default: "0" },
    bias: { type: "boolean", default: false },
    // The training.
    lr: { type: "string", default: "2e-3" },
    "log-every": { type: "string", default: "10" },
    "eval-every": { type: "string", default: "250" },
    sample: { type: "string", default: "500" },
  },
});
const number = (name: Exclude<keyof typeof options, "bias">) => Number(options[name]);
const [layers, heads, channels, context] = [number("layers"), number("heads"), number("channels"), number("context")];
const [steps, batch, dropout, lr] = [number("steps"), number("batch"), number("dropout"), number("lr")];
const { bias } = options;

if (options.threads !== undefined) torch.setNumThreads(number("threads"));
torch.manualSeed(number("seed"));

// Data: 90% of the text to train with, the rest to judge by.
const text = readFileSync(join(options.root, "text", "tinyshakespeare_input.txt"), "utf8");
const letters = [...new Set(text)].sort();
const numberOf = new Map(letters.map((letter, i) => [letter, i]));
const data = torch.tensor(Array.from(text, (letter) => numberOf.get(letter)!));
const split = Math.floor(0.9 * data.numel());
const trainData = data.at(`:${split}`);
const valData = data.at(`${split}:`);
const offsets = torch.arange(context);

/** Pieces of text from these positions, and what follows each of their letters. */
function piecesAt(from: Tensor, source: Tensor): [x: Tensor, y: Tensor] {
  const at = from.unsqueeze(1).add(offsets); // (B, T)
  return [source.at(at), source.at(at.add(1))];
}

class CausalSelfAttention extends nn.Module {
  cAttn = new nn.Linear(channels, 3 * channels, { bias });
  cProj = new nn.Linear(channels, channels, { bias });
  residDropout = new nn.Dropout(dropout);

  forward(x: Tensor): Tensor {
    const [B, T, C] = x.shape as [number, number, number];
    const byHead = (t: Tensor) => t.view(B, T, heads, C / heads).transpose(1, 2); // (B, nh, T, hs)
    const [q, k, v] = this.cAttn(x).split(C, 2).map(byHead) as [Tensor, Tensor, Tensor];
    const dropoutP = this.training ? dropout : 0;
    const y = F.scaledDotProductAttention(q, k, v, { dropoutP, isCausal: true });
    return this.residDropout(this.cProj(y.transpose(1, 2).contiguous().view(B, T, C)));
  }
}

class MLP extends nn.Module {
  cFc = new nn.Linear(channels, 4 * channels, { bias });
  gelu = new nn.GELU();
  cProj = new nn.Linear(4 * channels, channels, { bias });
  dropout = new nn.Dropout(dropout);

  forward(x: Tensor): Tensor {
    return this.dropout(this.cProj(this.gelu(this.cFc(x))));
  }
}

class Block extends nn.Module {
  static override stateNames = { ln1: "ln_1", ln2: "ln_2" };
  ln1 = new nn.LayerNorm(channels, { bias });
  attn = new CausalSelfAttention();
  ln2 = new nn.LayerNorm(channels, { bias });
  mlp = new MLP();

  forward(x: Tensor): Tensor {
    x = x.add(this.attn(this.ln1(x)));
    return x.add(this.mlp(this.ln2(x)));
  }
}

class GPT extends nn.Module {
  transformer = {
    wte: new nn.Embedding(letters.length, channels),
    wpe: new nn.Embedding(context, channels),
    drop: new nn.Dropout(dropout),
    h: Array.from({ length: layers }, () => new Block()),
    ln_f: new nn.LayerNorm(channels, { bias }),
  };
  lmHead = new nn.Linear(channels, letters.length, { bias: false });

  constructor() {
    super();
    this.transformer.wte.weight = this.lmHead.weight; // weight tying
    this.apply((module) => {
      if (module instanceof nn.Linear || module instanceof nn.Embedding) nn.init.normal_(module.weight, 0, 0.02);
      if (module instanceof nn.Linear && module.bias !== null) nn.init.zeros_(module.bias);
    });
    // What is added to the residual stream begins smaller, as in GPT-2.
    for (const [name, p] of this.namedParameters())
      if (name.endsWith("c_proj.weight")) nn.init.normal_(p, 0, 0.02 / Math.sqrt(2 * layers));
  }

  forward(idx: Tensor): Tensor {
    const { wte, wpe, drop, h, ln_f } = this.transformer;
    let x = drop(wte(idx).add(wpe(offsets.at(`:${idx.shape[1]}`)))); // (B, T, C)
    for (const block of h) x = block(x);
    return this.lmHead(ln_f(x)); // (B, T, letters)
  }
}

const lossOf = (logits: Tensor, targets: Tensor) => F.crossEntropy(logits.view(-1, letters.length), targets.view(-1));

const model = new GPT();
const size = model.parameters().reduce((sum, p) => sum + p.numel(), 0);
console.log(`${text.length} letters of ${letters.length} kinds; a model of ${(size / 1e6).toFixed(2)}M parameters`);

// Matrices decay, biases and norms do not.
const parameters = model.parameters();
const optimizer = new torch.optim.AdamW(
  [
    { params: parameters.filter((p) => p.ndim >= 2), weightDecay: 0.1 },
    { params: parameters.filter((p) => p.ndim < 2), weightDecay: 0 },
  ],
  { lr: lr, betas: [0.9, 0.99] },
);

/** Up in a line, then down in a cosine to a tenth. */
function learningRate(step: number): number {
  const [warmup, least] = [Math.min(100, steps / 10), lr / 10];
  if (step < warmup) return (lr * (step + 1)) / (warmup + 1);
  const progress = (step - warmup) / (steps - warmup);
  return least + 0.5 * (1 + Math.cos(Math.PI * progress)) * (lr - least);
}

/** The loss over pieces that cover the text to judge by. */
function validate(): number {
  model.eval();
  const starts = torch.arange(0, valData.numel() - context - 1, context);
  const losses = torch.noGrad(() =>
    starts.split(64).map((from) => {
      const [x, y] = piecesAt(from, valData);
      return lossOf(model(x), y).item() * from.numel();
    }),
  );
  model.train();
  return losses.reduce((a, b) => a + b) / starts.numel();
}

const logEvery = number("log-every");
let since = performance.now();
for (let step = 0; step < steps; step++) {
  for (const group of optimizer.paramGroups) group.lr = learningRate(step);
  const [x, y] = piecesAt(torch.randint(trainData.numel() - context, [batch]), trainData);
  const loss = lossOf(model(x), y);
  optimizer.zeroGrad();
  loss.backward();
  nn.utils.clipGradNorm_(parameters, 1);
  optimizer.step();

  if (step % logEvery === 0) {
    const each = (performance.now() - since) / (step === 0 ? 1 : logEvery);
    console.log(`step ${step}: loss ${loss.item().toFixed(6)}, ${each.toFixed(0)} ms a step`);
    since = performance.now();
  }
  if ((step + 1) % number("eval-every") === 0 || step + 1 === steps) {
    console.log(`step ${step + 1}: validation loss ${validate().toFixed(4)}`);
    since = performance.now();
  }
}

/** Continues a text by `count` letters. */
function write(idx: Tensor, count: number, { temperature = 1, topK = letters.length } = {}): Tensor {
  return torch.noGrad(() => {
    for (let i = 0; i < count; i++) {
      const logits = model(idx.at(":", `${-context}:`)).at(":", -1); // (B, letters)
      const { values } = logits.topk(Math.min(topK, letters.length));
      const likely = logits.maskedFill(logits.lt(values.at(":", "-1:")), -Infinity);
      const next = torch.multinomial(F.softmax(likely.div(temperature), -1), 1);
      idx = torch.cat([idx, next], 1);
    }
    return idx;
  });
}

model.eval();
const written = write(torch.zeros([1, 1], { dtype: torch.int64 }), number("sample"));
console.log((written.at(0).tolist() as number[]).map((i) => letters[i]).join(""));
