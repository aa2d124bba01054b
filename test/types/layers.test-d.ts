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

test("pooling", () => {
  expectTypeOf(new nn.MaxPool2d(2)(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.MaxPool2d(2, { returnIndices: true })(x)).toEqualTypeOf<[values: Tensor, indices: Tensor]>();
  expectTypeOf(new nn.MaxPool1d(2, null, 0, 1, true)(x)).toEqualTypeOf<[values: Tensor, indices: Tensor]>();
  expectTypeOf(new nn.AdaptiveMaxPool3d([1, null, 2])(x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.FractionalMaxPool2d(2, 2, { returnIndices: true })(x)[1]).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.Sequential(new nn.MaxPool2d(2), new nn.Flatten())(x)).toEqualTypeOf<Tensor>();
  class Own extends nn.MaxPool2d {}
  expectTypeOf(new Own(2)(x)).toEqualTypeOf<Tensor>();
  const indices = Math.random() > 0.5;
  expectTypeOf(new nn.MaxPool2d(2, { returnIndices: indices })(x)).toEqualTypeOf<
    Tensor | [values: Tensor, indices: Tensor]
  >();
  // @ts-expect-error no window
  new nn.MaxPool2d();
  // @ts-expect-error wrong name
  new nn.MaxPool2d(2, { strides: 2 });
  // @ts-expect-error given twice
  new nn.AvgPool2d(2, 2, { stride: 2 });
  // @ts-expect-error one-dimensional averages have no divisor
  new nn.AvgPool1d(2, { divisorOverride: 2 });
  // @ts-expect-error no size
  new nn.AdaptiveAvgPool2d();
  // @ts-expect-error no indices
  new nn.MaxUnpool2d(2)(x);
});

test("padding, resizing, comparing", () => {
  new nn.ReflectionPad2d([1, 2, 0, 1]);
  new nn.ConstantPad1d({ padding: 1, value: 2.5 });
  new nn.Upsample({ scaleFactor: [2, 3], mode: "bilinear", alignCorners: true });
  new nn.Bilinear(2, 3, 4, { bias: false });
  expectTypeOf(new nn.CosineSimilarity()(x, x)).toEqualTypeOf<Tensor>();
  // @ts-expect-error no value
  new nn.ConstantPad1d(1);
  // @ts-expect-error no padding
  new nn.ZeroPad2d();
  // @ts-expect-error no such mode
  new nn.Upsample({ size: 2, mode: "area" });
  // @ts-expect-error the mode is given
  new nn.UpsamplingNearest2d({ size: 2, mode: "nearest" });
  // @ts-expect-error no block
  new nn.Unfold();
  // @ts-expect-error a size is missing
  new nn.Bilinear(2, 3);
  // @ts-expect-error two inputs
  new nn.PairwiseDistance()(x);
  // @ts-expect-error wrong name
  new nn.PReLU({ parameters: 3 });
  // @ts-expect-error no such approximation
  new nn.GELU("erf");
});

test("losses", () => {
  new nn.CrossEntropyLoss({ labelSmoothing: 0.1, reduction: "none" });
  new nn.KLDivLoss("batchmean");
  new nn.BCEWithLogitsLoss(x, "sum", x);
  new nn.CTCLoss()(x, x, [1], x);
  new nn.TripletMarginWithDistanceLoss({ distanceFunction: new nn.PairwiseDistance() });
  expectTypeOf(new nn.GaussianNLLLoss()(x, x, x)).toEqualTypeOf<Tensor>();
  expectTypeOf(new nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(x, x).loss).toEqualTypeOf<Tensor>();
  // @ts-expect-error no such reduction
  new nn.L1Loss("median");
  // @ts-expect-error only the divergence is divided by the batch
  new nn.MSELoss("batchmean");
  // @ts-expect-error wrong name
  new nn.CrossEntropyLoss({ labelSmooth: 0.1 });
  // @ts-expect-error no such power
  new nn.MultiMarginLoss(3);
  // @ts-expect-error by name only, as in PyTorch
  new nn.GaussianNLLLoss(true);
  // @ts-expect-error no variances
  new nn.GaussianNLLLoss()(x, x);
  // @ts-expect-error no cutoffs
  new nn.AdaptiveLogSoftmaxWithLoss(4, 5);
});
