/** What golden values do not show of attention and transformers: masks that mean the same, options of PyTorch 2, and refusals. */
import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { describe, expect, test } from "vitest";

const causal = nn.Transformer.generateSquareSubsequentMask;

function expectClose(a: Tensor, b: Tensor): void {
  expect(a.allclose(b, { atol: 1e-6 })).toBe(true);
}

describe("MultiheadAttention", () => {
  const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
  const x = torch.randn(3, 5, 8);

  test("with and without weights it gives the same", () => {
    const [a, weights] = attention(x, x, x);
    const [b, none] = attention(x, x, x, { needWeights: false });
    expectClose(a, b);
    expect(weights?.sum(-1).allclose(torch.ones(3, 5))).toBe(true);
    expect(none).toBeNull();
  });

  test("a bool mask, a floating one and the causal hint mean the same", () => {
    const attnMask = causal(5);
    const [a] = attention(x, x, x, { attnMask, needWeights: false });
    expectClose(attention(x, x, x, { attnMask: attnMask.isinf(), needWeights: false })[0], a);
    expectClose(attention(x, x, x, { attnMask, isCausal: true, needWeights: false })[0], a);
    expectClose(attention(x, x, x, null, true, attnMask, false)[0], a);
  });

  test("state and gradients", () => {
    const separate = new nn.MultiheadAttention(8, 2, { kdim: 3, addBiasKv: true });
    expect(Object.keys(separate.stateDict())).toEqual([
      "q_proj_weight",
      "k_proj_weight",
      "v_proj_weight",
      "in_proj_bias",
      "bias_k",
      "bias_v",
      "out_proj.weight",
      "out_proj.bias",
    ]);
    attention(x, x, x)[0].sum().backward();
    expect(attention.inProjWeight?.grad?.shape).toEqual([24, 8]);
  });

  test("refusals", () => {
    expect(() => new nn.MultiheadAttention(8, 3)).toThrow("expected numHeads that divides embedDim (8), got 3");
    expect(() => new nn.MultiheadAttention(8, 2, { kDim: 2 } as never)).toThrow('unknown option "kDim"');
    expect(() => attention(x, torch.randn(3, 5, 7), x)).toThrow(
      "MultiheadAttention: expected a key of 2 or 3 dimensions, the last of 8, got shape [3, 5, 7]",
    );
    expect(() => attention(x, x, x, { isCausal: true })).toThrow("expected an attnMask where isCausal is true");
  });
});

describe("Transformer", () => {
  test("layers without biases", () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, bias: false });
    expect(Object.keys(layer.stateDict()).filter((name) => name.includes("bias"))).toEqual([]);
    expect(layer(torch.randn(5, 3, 8)).shape).toEqual([5, 3, 8]);
  });

  test("an activation may be a function or a module, which then belongs to the layer", () => {
    const x = torch.randn(5, 3, 8);
    torch.manualSeed(0);
    const a = new nn.TransformerEncoderLayer(8, 2, 16, 0, "gelu");
    torch.manualSeed(0);
    const b = new nn.TransformerEncoderLayer(8, 2, 16, 0, new nn.GELU());
    torch.manualSeed(0);
    const c = new nn.TransformerEncoderLayer(8, 2, 16, 0, (t) => nn.functional.gelu(t));
    expect(a(x).equal(b(x))).toBe(true);
    expect(a(x).equal(c(x))).toBe(true);
    expect(String(b)).toContain("\n  (activation): GELU(approximate='none')\n)");
    expect(() => new nn.TransformerEncoderLayer(8, 2, { activation: "tanh" as never })).toThrow(
      'TransformerEncoderLayer: expected "relu", "gelu" or a function as activation, got "tanh"',
    );
  });

  test("layers are copies with the same first weights", () => {
    const layer = new nn.TransformerEncoderLayer(8, 2, 16);
    const encoder = new nn.TransformerEncoder(layer, 2);
    const [first, second] = encoder.layers;
    expect(first).not.toBe(layer);
    expect(first?.linear1.weight.equal(second!.linear1.weight)).toBe(true);
    expect(first?.linear1.weight).not.toBe(second!.linear1.weight);
    expect(String(encoder)).toContain("(0-1): 2 x TransformerEncoderLayer(");
  });

  test("hints that masks are causal", () => {
    const model = new nn.Transformer(8, 2, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16 }).eval();
    const [src, tgt] = [torch.randn(5, 3, 8), torch.randn(5, 3, 8)];
    const masks = { srcMask: causal(5), tgtMask: causal(5), memoryMask: causal(5) };
    const hinted = model(src, tgt, { ...masks, srcIsCausal: true, tgtIsCausal: true, memoryIsCausal: true });
    expectClose(hinted, model(src, tgt, masks));
  });

  test("parts of one's own", () => {
    class Twice extends nn.Module {
      forward(x: Tensor): Tensor {
        return x.mul(2);
      }
    }
    const model = new nn.Transformer(8, 2, { customEncoder: new Twice(), numDecoderLayers: 1, dimFeedforward: 16 });
    expect(String(model)).toMatch(/^Transformer\(\n {2}\(encoder\): Twice\(\)\n/);
    expect(model(torch.randn(4, 1, 8), torch.randn(5, 1, 8)).shape).toEqual([5, 1, 8]);
  });

  test("masks", () => {
    expect(causal(2).tolist()).toEqual([
      [0, -Infinity],
      [0, 0],
    ]);
    expect(causal(2, { dtype: torch.float64 }).dtype).toBe(torch.float64);
  });

  test("refusals", () => {
    const model = new nn.Transformer(8, 2, 1, 1, 16);
    expect(() => model(torch.randn(4, 2, 8), torch.randn(4, 3, 8))).toThrow("expected src and tgt of one batch size");
    expect(() => model(torch.randn(4, 2, 7), torch.randn(4, 2, 8))).toThrow(
      "Transformer: expected a src of 8 features",
    );
    expect(() => new nn.Transformer(8, 2, { customEncoder: 3 as never })).toThrow("a Module or null as customEncoder");
    expect(() => new nn.TransformerEncoder(3 as never, 2)).toThrow(
      "TransformerEncoder: expected a layer to copy, got 3",
    );
    expect(() => model(torch.randn(4, 2, 8), torch.randn(4, 2, 8), { srcmask: null } as never)).toThrow("srcmask");
  });
});
