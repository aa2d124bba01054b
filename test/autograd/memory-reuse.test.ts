/**
 * Gradients that have gone through their node give their memory to the next. Small storages are never reused, so these tensors are
 * large; with `createGraph` nothing is reused, so both ways must agree to the bit.
 */
import * as torch from "typetorch";
import { expect, test } from "vitest";

type Tensors = readonly torch.Tensor[];
const F = torch.nn.functional;
const N = 24; // 24 × 24 float64: 4,608 bytes

const programs: Record<string, (x: torch.Tensor, y: torch.Tensor) => torch.Tensor> = {
  "one tensor used often": (x, y) => x.add(x).add(y).mul(x).sub(y.mul(y)).add(x),
  "a gradient that passes through to several": (x, y) => {
    const s = x.add(y);
    return s.add(s).add(x).add(y.add(s));
  },
  "views and copies": (x, y) => x.t().matmul(y).reshape(-1).view(N, N).t().add(y.flip(0)).contiguous().mul(x.t()),
  slices: (x, y) =>
    torch
      .cat([x.at("2:9"), y.at("4:21")], 0)
      .mul(torch.stack([x, y]).at(1))
      .add(x.unsqueeze(0).squeeze(0)),
  "reductions and broadcasting": (x, y) =>
    x.sub(x.mean(1, true)).div(y.std(0).add(1)).add(x.amax(0)).mul(y.sum(1, true)),
  "a network": (x, y) => F.linear(F.linear(x, y, x.at(0)).relu().tanh(), y.exp().logSoftmax(1), y.at(1)).sigmoid(),
  "softmax and cross entropy": (x, y) =>
    F.crossEntropy(x.matmul(y).add(y.softmax(0)), torch.arange(N).remainder(5)).add(x.logsumexp(0).mul(y).sum()),
  "in-place writes into views": (x, y) => {
    const h = x.mul(y);
    h.at("3:7").mul_(y.at("3:7"));
    h.t().at(2).copy_(x.at(5));
    return h.add_(x).mul(h.clone()).add(h.add(y));
  },
  "several results": (x, y) => {
    const [a, b] = x.mul(y).split(N / 2, 0) as [torch.Tensor, torch.Tensor];
    const { values } = y.sort(1);
    return torch
      .cat([b, a.add(b)], 0)
      .add(values)
      .add(x.max(1).values);
  },
  "other dtypes on the way": (x, y) => x.float().mul(y.float()).add(x.float()).double().add(y).mul(x.to(torch.float32)),
};

function gradients(program: (x: torch.Tensor, y: torch.Tensor) => torch.Tensor, createGraph: boolean): unknown[] {
  torch.manualSeed(3);
  const leaves: Tensors = [0, 1].map(() => torch.rand([N, N], { dtype: torch.float64 }).add(0.1).requiresGrad_());
  const [x, y] = leaves as [torch.Tensor, torch.Tensor];
  const loss = program(x, y).sum();
  const grads = torch.autograd.grad(loss, [x, y], { createGraph, retainGraph: true });
  // Again, into .grad, while the first results are held: nobody may write over them.
  loss.backward({ createGraph, retainGraph: true });
  loss.backward({ createGraph });
  return [...grads, x.grad, y.grad].map((g) => (g as torch.Tensor).detach().tolist());
}

test.each(Object.entries(programs))("%s", (_, program) => {
  const expected = gradients(program, true);
  expect(gradients(program, false)).toEqual(expected);
  expect(gradients(program, false)).toEqual(expected); // with a pool that is full
});
