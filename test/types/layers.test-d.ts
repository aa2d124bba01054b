import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { expectTypeOf, test } from "vitest";

const x = torch.zeros(1);

test("embeddings", () => {
  new nn.Embedding(10, 3, { paddingIdx: 0, maxNorm: 1 });
  new nn.Embedding(10, 3, 0, null, 2);
  new nn.Embedding({ numEmbeddings: 10, embeddingDim: 3, dtype: torch.float64 });
  expectTypeOf(new nn.Embedding(10, 3)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(nn.Embedding.fromPretrained(x)).toEqualTypeOf<nn.Embedding>();
  new nn.EmbeddingBag(10, 3, { mode: "max" })(x, x);
  // @ts-expect-error a size is missing
  new nn.Embedding(10);
  // @ts-expect-error wrong name
  new nn.Embedding(10, 3, { padding: 0 });
  // @ts-expect-error given twice
  new nn.Embedding(10, 3, 0, { paddingIdx: 0 });
  // @ts-expect-error there are no sparse gradients
  new nn.Embedding(10, 3, { sparse: true });
  // @ts-expect-error no such mode
  new nn.EmbeddingBag(10, 3, { mode: "min" });
  // @ts-expect-error no table
  nn.functional.embedding(x);
});

test("dropout", () => {
  new nn.Dropout1d(0.5, true);
  new nn.AlphaDropout({ p: 0.5, inplace: true });
  // @ts-expect-error wrong name
  new nn.Dropout2d({ prob: 0.5 });
  // @ts-expect-error no number
  new nn.Dropout3d("0.5");
});

test("normalisation", () => {
  new nn.BatchNorm2d(3, { momentum: null });
  new nn.BatchNorm2d(3, 1e-5, 0.1, true, false);
  new nn.BatchNorm1d({ numFeatures: 3, dtype: torch.float64 });
  new nn.LazyBatchNorm2d({ affine: false });
  new nn.LayerNorm([3, 4], { bias: false });
  new nn.RMSNorm(4, { eps: null });
  expectTypeOf(new nn.GroupNorm(2, 4)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.BatchNorm1d(3).momentum).toEqualTypeOf<number | null>();
  // @ts-expect-error a size is missing
  new nn.BatchNorm2d();
  // @ts-expect-error wrong name
  new nn.BatchNorm2d(3, { epsilon: 1e-5 });
  // @ts-expect-error only batch normalisation averages plainly
  new nn.InstanceNorm2d(3, { momentum: null });
  // @ts-expect-error a size is missing
  new nn.GroupNorm(2);
  // @ts-expect-error no shape
  new nn.LayerNorm("3");
});
