/** @file One whole epoch of the quickstart: load, transform, batch, train. */
import * as torch from "typetorch";
import { datasets, transforms } from "typetorch/vision";
import type { Step } from "./cases.ts";
import { mlp } from "./models.ts";

export function epoch(root: string): Step {
  const dataset = new datasets.FashionMNIST({ root, train: true, transform: new transforms.ToTensor() });
  const loader = new torch.utils.data.DataLoader(dataset, { batchSize: 64 });
  const model = mlp();
  const optimizer = new torch.optim.SGD(model.parameters(), { lr: 1e-3 });
  const lossFn = new torch.nn.CrossEntropyLoss();
  return () => {
    for (const [X, y] of loader) {
      const loss = lossFn(model(X), y);
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
    }
  };
}
