/** @file Fine-tuning as PyTorch's users do it: load a checkpoint, freeze by name, replace the head, train with groups of parameters. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { datasets } from "typetorch/vision";
import { describe, expect, test } from "vitest";

const F = nn.functional;

/** The net of burn's MNIST example, whose checkpoint was written by Python. */
class Net extends nn.Module {
  conv1 = new nn.Conv2d(1, 8, 3);
  conv2 = new nn.Conv2d(8, 16, 3);
  conv3 = new nn.Conv2d(16, 24, 3);
  norm1 = new nn.BatchNorm2d(24);
  fc1: nn.Linear;
  fc2 = new nn.Linear(32, 10);
  norm2 = new nn.BatchNorm1d(10);

  constructor(size = 28) {
    super();
    this.fc1 = new nn.Linear(24 * (size - 6) ** 2, 32);
  }

  forward(x: Tensor): Tensor {
    x = F.relu(this.conv1(x)); //       (N, 8, H−2, W−2)
    x = F.relu(this.conv2(x)); //       (N, 16, H−4, W−4)
    x = F.relu(this.conv3(x)); //       (N, 24, H−6, W−6)
    x = this.norm1(x).flatten(1);
    x = F.relu(this.fc1(x)); //         (N, 32)
    return F.logSoftmax(this.norm2(this.fc2(x)), { dim: 1 });
  }
}

/** Everything before the head stays as it is; the head is new. */
function withNewHead(model: Net, classes: number): Net {
  for (const [name, p] of model.namedParameters()) if (/^(conv|norm1)/.test(name)) p.requiresGrad_(false);
  model.fc2 = new nn.Linear(model.fc2.inFeatures, classes);
  model.norm2 = new nn.BatchNorm1d(classes);
  return model;
}

function fineTune(model: Net, x: Tensor, y: Tensor, steps: number): number[] {
  const optimizer = new torch.optim.SGD(
    [
      { params: model.fc1.parameters(), lr: 1e-3 },
      { params: [...model.fc2.parameters(), ...model.norm2.parameters()], weightDecay: 1e-4 },
    ],
    { lr: 0.1, momentum: 0.9 },
  );
  model.train();
  model.norm1.eval(); // keeps its running statistics
  return Array.from({ length: steps }, () => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model(x), y);
    loss.backward();
    nn.utils.clipGradNorm_(model.parameters(), 5);
    optimizer.step();
    return loss.item();
  });
}

const isFrozen = (name: string) => /^(conv|norm1)/.test(name);

function expectFineTuned(model: Net, before: nn.StateDict, losses: readonly number[]): void {
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  for (const [name, t] of Object.entries(model.stateDict()))
    expect(before[name] !== undefined && torch.equal(t, before[name]), name).toBe(isFrozen(name));
  for (const [name, p] of model.namedParameters()) expect(p.grad === null, name).toBe(isFrozen(name));
}

test("a checkpoint of our own is loaded, changed and trained further", async () => {
  torch.manualSeed(0);
  const file = join(mkdtempSync(join(tmpdir(), "typetorch-")), "net.pt");
  await torch.save({ epoch: 3, model: new Net(10).stateDict() }, file);
  const saved = (await torch.load(file)) as { epoch: number; model: nn.StateDict };
  const model = new Net(10);
  expect(String(model.loadStateDict(saved.model))).toBe("<All keys matched successfully>");
  withNewHead(model, 2);
  const before = torch.utils.deepcopy(model.stateDict());
  const x = torch.randn(16, 1, 10, 10);
  const losses = fineTune(model, x, x.mean([1, 2, 3]).gt(0).long(), 12);
  expectFineTuned(model, before, losses);
  // The old checkpoint fits up to the head.
  const { missingKeys, unexpectedKeys } = model.loadStateDict(
    Object.fromEntries(Object.entries(saved.model).filter(([name]) => !/^(fc2|norm2)/.test(name))),
    { strict: false },
  );
  expect([missingKeys.length, unexpectedKeys]).toEqual([6, []]);
  expect(() => model.loadStateDict(saved.model)).toThrow(
    "size mismatch for fc2.weight: copying a param with shape torch.Size([10, 32]) from checkpoint, the shape in current model is torch.Size([2, 32]).",
  );
});

const root = fileURLToPath(new URL("../../../shared/data", import.meta.url));
const checkpoint = join(root, "checkpoints", "burn-mnist", "mnist.pt");
const found = existsSync(checkpoint) && existsSync(join(root, "MNIST"));

describe.skipIf(!found)(`a checkpoint from Python${found ? "" : ` (skipped: there is no ${checkpoint})`}`, () => {
  /** The first test images as the net takes them, and their labels. */
  function images(from: number, to: number): [Tensor, Tensor] {
    const mnist = new datasets.MNIST({ root, train: false });
    const x = mnist.data
      .narrow(0, from, to - from)
      .float()
      .div(255)
      .sub(0.1307)
      .div(0.3081)
      .unsqueeze(1);
    return [x, mnist.targets.narrow(0, from, to - from)];
  }
  const accuracy = (model: Net, x: Tensor, y: Tensor) =>
    torch.inferenceMode(() => model.eval()(x).argmax(1).eq(y).float().mean().item());

  test("recognises digits, and learns to tell odd from even", async () => {
    torch.manualSeed(0);
    const model = new Net();
    model.loadStateDict((await torch.load(checkpoint, { mapLocation: "cpu" })) as nn.StateDict);
    const [x, y] = images(0, 160);
    const [unseen, labels] = images(200, 300);
    expect(accuracy(model, unseen, labels)).toBeGreaterThanOrEqual(0.97);
    withNewHead(model, 2);
    const before = torch.utils.deepcopy(model.stateDict());
    const losses = fineTune(model, x, y.remainder(2), 8);
    expectFineTuned(model, before, losses);
    expect(accuracy(model, unseen, labels.remainder(2))).toBeGreaterThanOrEqual(0.9);
  });
});
