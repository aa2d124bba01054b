/** What users do wrong first, and what they are told. Exact texts: they are part of the interface. */
import * as torch from "typetorch";
import { expect, test } from "vitest";

const { nn } = torch;
const ones = (...sizes: number[]) => torch.ones(sizes, { requiresGrad: true });

/** `Name: text` of what `f` throws. */
function thrown(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return String(error);
  }
  return "nothing";
}

test("sizes that do not fit", () => {
  expect(thrown(() => torch.ones(2, 3).matmul(torch.ones(4, 5)))).toBe(
    "ShapeError: matmul: expected a.shape[1] == b.shape[0], got [2, 3] and [4, 5]",
  );
  expect(thrown(() => torch.ones(2, 3).add(torch.ones(4)))).toBe(
    "ShapeError: add: expected shapes that broadcast, got [2, 3] and [4] (3 and 4 at dimension 1)",
  );
  expect(thrown(() => torch.ones(6).view(4, 2))).toBe("ShapeError: view: expected a shape with 6 elements, got [4, 2]");
});

test("backward twice", () => {
  const a = ones(2);
  const loss = a.mul(a).sum();
  loss.backward();
  expect(thrown(() => loss.backward())).toBe(
    "AutogradError: backward: trying to backward through the graph a second time (MulBackward0 has freed what it saved). " +
      "Saved values are freed by backward() and autograd.grad(); pass { retainGraph: true } to keep them",
  );
});

test("a saved tensor changed in place", () => {
  const h = ones(2).mul(2);
  const loss = h.mul(h).sum();
  h.add_(1);
  expect(thrown(() => loss.backward())).toBe(
    "AutogradError: backward: one of the variables needed for gradient computation has been modified by an inplace operation: " +
      "[torch.float32 [2]], which is output 0 of AddBackward0, is at version 1; expected version 0 instead",
  );
});

test("a label that is no class", () => {
  const logits = torch.zeros(2, 3);
  expect(thrown(() => nn.functional.crossEntropy(logits, torch.tensor([1, 3])))).toBe(
    "IndexError: nllLoss: target 3 is out of bounds for 3 classes",
  );
});

test("NaN in the data goes through, as in PyTorch", () => {
  const logits = torch.tensor([[Number.NaN, 1, 2]]);
  expect(nn.functional.crossEntropy(logits, torch.tensor([1])).item()).toBeNaN();
  expect(torch.tensor([1, Number.NaN]).max().item()).toBeNaN();
});

test("operators on tensors", () => {
  const [a, b] = [torch.ones(2), torch.ones(2)];
  // @ts-expect-error TypeScript knows it, too
  expect(thrown(() => a + b)).toMatch(
    /^ValueError: Tensor: operators such as \+ and < do not work on tensors; write a\.add\(b\)/,
  );
  expect(`${a}`).toBe("tensor([1., 1.])");
});

test("a layer in a #private field", () => {
  class Hidden extends nn.Module {
    #layer = new nn.Linear(2, 2);
    override forward(x: torch.Tensor) {
      return this.#layer(x);
    }
  }
  expect(thrown(() => new Hidden()(torch.ones(1, 2)))).toMatch(
    /^ValueError: Hidden: expected modules and parameters in public fields, got the module Linear/,
  );
});

test("a transferred buffer", () => {
  const x = torch.ones(4);
  const { buffer } = x.numpy();
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  expect(thrown(() => x.add(1))).toMatch(/^ValueError: Tensor: the memory of this tensor is gone/);
  expect(thrown(() => String(x))).toMatch(/the memory of this tensor is gone/);
});

test("an option that does not exist, or is given twice", () => {
  // @ts-expect-error TypeScript knows it, too
  expect(thrown(() => new nn.Linear(2, 3, { biass: false }))).toMatch(/^ValueError: Linear: unknown option "biass"/);
  expect(thrown(() => torch.ones(2).sum(0, { dim: 0 }))).toBe(
    "ValueError: sum: option dim was given twice, as argument and in the options",
  );
});

test("whole numbers where floats are needed", () => {
  expect(thrown(() => torch.tensor([1, 2]).mean())).toBe(
    "DTypeError: mean: expected a floating-point or complex dtype, got torch.int64 (whole numbers make int64: pass a dtype)",
  );
});
