/** @file Products, norms, distances and attention: what PyTorch's operator database does not show. */
import * as torch from "typetorch";
import { describe, expect, it } from "vitest";

const F = torch.nn.functional;
const NaNs = torch.full([2, 2], Number.NaN);
const a = torch.tensor([
  [1, 2],
  [3, 4.5],
]);
const double = (...shape: number[]) => torch.randn(shape, { dtype: torch.float64, requiresGrad: true });

describe("products with something added", () => {
  it("ignore the input, NaN included, where beta is 0", () => {
    expect(torch.addmm(NaNs, a, a, { beta: 0 }).tolist()).toEqual(a.mm(a).tolist());
    expect(torch.addmv(NaNs.at(0), a, a.at(0), { beta: 0 }).tolist()).toEqual(a.mv(a.at(0)).tolist());
    expect(torch.addr(NaNs, a.at(0), a.at(0), { beta: 0 }).tolist()).toEqual(torch.outer(a.at(0), a.at(0)).tolist());
    expect(torch.baddbmm(NaNs, a.unsqueeze(0), a.unsqueeze(0), { beta: 0 }).at(0).tolist()).toEqual(a.mm(a).tolist());
  });

  it("write into the input, which then has their node, and keep the gradient of what it was", () => {
    const x = double(2, 2);
    const y = x.mul(1).addmm_(double(2, 3), double(3, 2), { beta: 2, alpha: 0.5 });
    expect(y.gradFn?.name()).toBe("AddmmBackward0");
    y.sum().backward();
    expect(x.grad?.tolist()).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it("refuse to stretch what they write into", () => {
    expect(() => torch.ones(2).addmm_(a, a)).toThrow("addmm_: expected an input of shape [2, 2], got [2]");
    expect(() => torch.ones(1).addmv_(a, a.at(0))).toThrow("addmv_: expected an input of shape [2], got [1]");
    expect(() => torch.addmm(torch.ones(3), a, a)).toThrow(torch.ShapeError);
    expect(() =>
      torch.addr(torch.ones(2, 2, { dtype: torch.int64 }), torch.tensor([1, 2]), torch.tensor([1, 2]), { alpha: 0.5 }),
    ).toThrow("addr: expected a whole number as alpha for torch.int64, got 0.5");
  });
});

describe("einsum", () => {
  it("takes both of PyTorch's forms, and an array of operands", () => {
    const product = a.mm(a).tolist();
    expect(torch.einsum("ij,jk->ik", a, a).tolist()).toEqual(product);
    expect(torch.einsum("ij, jk", [a, a]).tolist()).toEqual(product);
    expect(torch.einsum(a, [0, 1], a, [1, 2], [0, 2]).tolist()).toEqual(product);
    expect(torch.einsum(a, ["...", 1], a, [1, 2]).tolist()).toEqual(product);
  });

  it("multiplies many operands in any order to the same", () => {
    const [x, y, z, w] = [double(2, 3), double(3, 4), double(4, 5), double(5, 2)];
    const direct = x.mm(y).mm(z).mm(w).diagonal().sum().item();
    expect(torch.einsum("ab,bc,cd,da", x, y, z, w).item()).toBeCloseTo(direct, 10);
    const nine = torch.einsum("a,a,a,a,a,a,a,a,a->", ...Array.from({ length: 9 }, () => torch.tensor([1, 2])));
    expect(nine.item()).toBe(513);
  });

  it("broadcasts sizes of 1 and ellipses, and keeps them", () => {
    expect(torch.einsum("...ij,...jk->...ik", torch.ones(5, 1, 2, 3), torch.ones(4, 3, 1)).shape).toEqual([5, 4, 2, 1]);
    expect(torch.einsum("ij,ij->ji", torch.ones(1, 3), torch.ones(2, 1)).shape).toEqual([3, 2]);
    expect(torch.einsum("...i->i", torch.ones(2, 3, 4)).tolist()).toEqual([6, 6, 6, 6]);
  });

  it("says what it cannot read", () => {
    expect(() => torch.einsum("i1,1j", a, a)).toThrow('einsum: expected letters and at most one ellipsis ("...")');
    expect(() => torch.einsum("ij->k", a)).toThrow("einsum: expected subscripts of the operands in the output, got k");
    expect(() => torch.einsum("ij->ii", a)).toThrow(
      "einsum: expected each subscript once in the output, got i more than once",
    );
    expect(() => torch.einsum("ij,jk", a)).toThrow("einsum: expected 2 operands, as the equation has, got 1");
    expect(() => torch.einsum("i", a)).toThrow("einsum: expected 1 dimensions of operand 0, one a subscript, got 2");
    expect(() => torch.einsum("ii", torch.ones(2, 3))).toThrow(
      "subscript i is repeated for operand 0, but its sizes are 2 and 3",
    );
    expect(() => torch.einsum("i,i", torch.ones(2), torch.ones(3))).toThrow(
      "einsum: expected one size for subscript i, got 2 and, in operand 1, 3",
    );
    expect(() => torch.einsum(a, [52, 0])).toThrow("einsum: expected subscripts from 0 to 51");
  });
});

describe("norms", () => {
  it("of nothing have a value only where there is an identity", () => {
    expect(torch.linalg.vectorNorm(torch.ones(0)).item()).toBe(0);
    expect(() => torch.linalg.vectorNorm(torch.ones(0), Infinity)).toThrow("the norm of nothing has no value");
    expect(torch.linalg.vectorNorm(torch.ones(0, 2), -1, 1).shape).toEqual([0]);
  });

  it("refuse dtypes as PyTorch does", () => {
    expect(() => torch.linalg.vectorNorm(torch.tensor([1, 2]))).toThrow(torch.DTypeError);
    expect(() => torch.linalg.norm(a, { dtype: torch.float16 })).toThrow(
      "expected a dtype that holds all values of torch.float32",
    );
    expect(() => torch.linalg.matrixNorm(a, 3)).toThrow(torch.ValueError);
  });

  it("have gradient 0 where they are 0", () => {
    for (const p of [0.5, 1, 1.5, 2, 3, Infinity]) {
      const x = torch.zeros(3, { requiresGrad: true });
      x.norm(p).backward();
      expect(x.grad?.tolist(), `p ${p}`).toEqual([0, 0, 0]);
    }
  });
});

describe("distances", () => {
  it("have right gradients for every p, twice", () => {
    for (const p of [1.5, 2, 3]) {
      const f = (x: torch.Tensor, y: torch.Tensor) => torch.cdist(x, y, p);
      expect(torch.autograd.gradcheck(f, [double(3, 2), double(2, 4, 2)])).toBe(true);
    }
    expect(torch.autograd.gradcheck((x) => torch.pdist(x), [double(4, 3)])).toBe(true);
  });

  it("are the same by a product and in pieces", () => {
    const [x, y] = [torch.randn([300, 70]), torch.randn([200, 70])];
    const exact = torch.cdist(x, y, { computeMode: "donot_use_mm_for_euclid_dist" });
    expect(torch.cdist(x, y).sub(exact).abs().max().item()).toBeLessThan(1e-4);
    expect(torch.linalg.vectorNorm(x.at(299).sub(y.at(199))).item()).toBeCloseTo(
      exact.at(299, 199).item() as number,
      4,
    );
  });
});

describe("attention", () => {
  const x = torch.randn([2, 4, 3, 5]);

  it("gives zeros, and gradients of 0, for a query that may attend to nothing", () => {
    const q = torch.randn([3, 5], { requiresGrad: true });
    const mask = torch.tensor([
      [true, false],
      [false, false],
      [true, true],
    ]);
    const result = F.scaledDotProductAttention(q, torch.randn([2, 5]), torch.randn([2, 5]), mask);
    expect(result.at(1).tolist()).toEqual([0, 0, 0, 0, 0]);
    result.sum().backward();
    expect(q.grad?.at(1).tolist()).toEqual([0, 0, 0, 0, 0]);
    expect(q.grad?.isnan().any().item()).toBe(false);
  });

  it("shares heads of key and value", () => {
    const few = x.narrow(1, 0, 2);
    const repeated = few.repeatInterleave(2, 1);
    const shared = F.scaledDotProductAttention(x, few, few, { enableGqa: true });
    expect(shared.tolist()).toEqual(F.scaledDotProductAttention(x, repeated, repeated).tolist());
    expect(() => F.scaledDotProductAttention(x, x.narrow(1, 0, 3), x.narrow(1, 0, 3), { enableGqa: true })).toThrow(
      "expected a number of heads in key",
    );
  });

  it("refuses a mask beside isCausal, and other dtypes", () => {
    const mask = torch.ones(3, 3, { dtype: torch.bool });
    expect(() => F.scaledDotProductAttention(x, x, x, mask, 0, true)).toThrow(
      "expected either attnMask or isCausal, got both",
    );
    expect(() => F.scaledDotProductAttention(x, x.double(), x)).toThrow(torch.DTypeError);
    expect(() => F.scaledDotProductAttention(x, x, x, mask.long())).toThrow("expected an attnMask of torch.bool");
  });
});
