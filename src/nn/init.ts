/** @file `torch.nn.init`: how parameters begin. All fill a tensor in place, without recording, and give it back. */
import { noGrad } from "../autograd/modes.ts";
import { describe, ShapeError, ValueError } from "../core/errors.ts";
import { numelOf, shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { erf } from "../expr/special.ts";
import { bind, type Call } from "../ops/bind.ts";
import { eye } from "../ops/creation.ts";
import { tensor as fromData } from "../ops/from-data.ts";
import { qr } from "../ops/linalg/qr.ts";
import { checkTensor, type Named, named } from "../ops/params.ts";
import { randperm } from "../ops/random/creation.ts";
import type { Generator, GeneratorOption } from "../ops/random/generator.ts";

/** Names as in PyTorch. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "conv_transpose1d"
  | "conv_transpose2d"
  | "conv_transpose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leaky_relu"
  | "selu";

const GAINS: { readonly [N in Nonlinearity]: number | ((param: number) => number) } = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  conv_transpose1d: 1,
  conv_transpose2d: 1,
  conv_transpose3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.sqrt(2),
  leaky_relu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: 3 / 4,
};

/**
 * The factor by which a nonlinearity wants its weights larger. PyTorch: `torch.nn.init.calculate_gain`.
 * @param param - of `leaky_relu`: its negative slope, 0.01 if not given
 * @throws ValueError for an unknown nonlinearity
 */
export function calculateGain(
  nonlinearity: Nonlinearity,
  ...args: Call<[param: number | null], { param?: number | null }>
): number {
  const { param = null } = bind<{ param: number | null }>("calculateGain", ["param"], args);
  const gain = Object.hasOwn(GAINS, nonlinearity) ? GAINS[nonlinearity] : undefined;
  if (gain === undefined)
    throw new ValueError(
      `calculateGain: expected one of ${Object.keys(GAINS).join(", ")}, got ${describe(nonlinearity)}`,
    );
  if (typeof gain === "number") return gain;
  if (param !== null && typeof param !== "number")
    throw new ValueError(`calculateGain: expected a number as param, got ${describe(param)}`);
  return gain(param ?? 0.01);
}

const from = (generator: Generator | null | undefined): GeneratorOption => (generator ? { generator } : {});

let skipping = false;

/** @internal Runs `body` without filling anything, nor drawing a random number for it. */
export function withoutInit<R>(body: () => R): R {
  const before = skipping;
  skipping = true;
  try {
    return body();
  } finally {
    skipping = before;
  }
}

/** What every function here does in the end. */
function fill(t: Tensor, write: () => Tensor): Tensor {
  return skipping ? t : noGrad(write);
}

function uniformWithin(op: string, t: Tensor, a: number, b: number, generator?: Generator | null): Tensor {
  checkTensor(op, t, "tensor");
  return fill(t, () => t.uniform_(a, b, from(generator)));
}

function normalWith(op: string, t: Tensor, mean: number, std: number, generator?: Generator | null): Tensor {
  checkTensor(op, t, "tensor");
  return fill(t, () => t.normal_(mean, std, from(generator)));
}

interface UniformOptions extends GeneratorOption {
  a?: number;
  b?: number;
}

/** Numbers spread evenly over [a, b). PyTorch: `torch.nn.init.uniform_`. */
export function uniform_(tensor: Tensor, ...args: Call<[a: number, b: number], UniformOptions>): Tensor {
  const { a = 0, b = 1, generator } = bind<UniformOptions>("uniform_", ["a", "b", "generator"], args);
  return uniformWithin("uniform_", tensor, a, b, generator);
}

interface NormalOptions extends GeneratorOption {
  mean?: number;
  std?: number;
}

/** Normal numbers. PyTorch: `torch.nn.init.normal_`. */
export function normal_(tensor: Tensor, ...args: Call<[mean: number, std: number], NormalOptions>): Tensor {
  const { mean = 0, std = 1, generator } = bind<NormalOptions>("normal_", ["mean", "std", "generator"], args);
  return normalWith("normal_", tensor, mean, std, generator);
}

interface TruncNormalOptions extends NormalOptions {
  a?: number;
  b?: number;
}

/** Normal numbers, of which those outside of [a, b] are drawn again. PyTorch: `torch.nn.init.trunc_normal_`. */
export function truncNormal_(
  tensor: Tensor,
  ...args: Call<[mean: number, std: number, a: number, b: number], TruncNormalOptions>
): Tensor {
  const names = ["mean", "std", "a", "b", "generator"] as const;
  const { mean = 0, std = 1, a = -2, b = 2, generator } = bind<TruncNormalOptions>("truncNormal_", names, args);
  checkTensor("truncNormal_", tensor, "tensor");
  const below = (x: number) => (1 + erf((x - mean) / std / Math.SQRT2)) / 2;
  return fill(tensor, () =>
    tensor
      .uniform_(2 * below(a) - 1, 2 * below(b) - 1, from(generator))
      .erfinv_()
      .mul_(std * Math.SQRT2)
      .add_(mean)
      .clamp_(a, b),
  );
}

/** One number everywhere. PyTorch: `torch.nn.init.constant_`. */
export function constant_(tensor: Tensor, ...args: Named<[val: number], ["val"], { val: number }>): Tensor {
  const { val } = named<{ val: number }>("constant_", ["val"], 1, args);
  checkTensor("constant_", tensor, "tensor");
  return fill(tensor, () => tensor.fill_(val));
}

/** Ones. PyTorch: `torch.nn.init.ones_`. */
export function ones_(tensor: Tensor): Tensor {
  checkTensor("ones_", tensor, "tensor");
  return fill(tensor, () => tensor.fill_(1));
}

/** Zeros. PyTorch: `torch.nn.init.zeros_`. */
export function zeros_(tensor: Tensor): Tensor {
  checkTensor("zeros_", tensor, "tensor");
  return fill(tensor, () => tensor.zero_());
}

function matrix(op: string, t: Tensor): readonly [rows: number, columns: number] {
  checkTensor(op, t, "tensor");
  if (t.ndim !== 2) throw new ShapeError(`${op}: expected a matrix, got shape ${shapeText(t.shape)}`);
  return t.shape as unknown as readonly [number, number]; // of length 2, as checked
}

/** The identity matrix. PyTorch: `torch.nn.init.eye_`. */
export function eye_(tensor: Tensor): Tensor {
  const [rows, columns] = matrix("eye_", tensor);
  return fill(tensor, () => tensor.copy_(eye(rows, columns)));
}

/**
 * The kernel of a convolution that passes as many channels through as it can. PyTorch: `torch.nn.init.dirac_`.
 * @param tensor - [outChannels, inChannels / groups, size, …], 3 to 5 dimensions
 */
export function dirac_(tensor: Tensor, ...args: Call<[groups: number], { groups?: number }>): Tensor {
  const { groups = 1 } = bind<{ groups: number }>("dirac_", ["groups"], args);
  checkTensor("dirac_", tensor, "tensor");
  const { shape } = tensor;
  if (shape.length < 3 || shape.length > 5)
    throw new ShapeError(`dirac_: expected a tensor of 3 to 5 dimensions, got shape ${shapeText(shape)}`);
  const [out, perGroup, ...kernel] = shape as [number, number, ...number[]];
  if (!Number.isSafeInteger(groups) || groups < 1 || out % groups !== 0)
    throw new ValueError(`dirac_: expected a number of groups that divides ${out}, got ${describe(groups)}`);
  const size = numelOf(kernel);
  const center = kernel.reduce((at, n) => at * n + Math.floor(n / 2), 0);
  const values = new Float64Array(numelOf(shape));
  const outPerGroup = out / groups;
  for (let g = 0; g < groups; g++)
    for (let d = 0; d < Math.min(outPerGroup, perGroup); d++)
      values[((g * outPerGroup + d) * perGroup + d) * size + center] = 1;
  return fill(tensor, () => tensor.copy_(fromData(values).view([...shape])));
}

interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** How many numbers go into an output of the layer, and how many outputs an input goes to. */
function fans(op: string, t: Tensor): Fans {
  checkTensor(op, t, "tensor");
  const { shape } = t;
  const [out, inputs, ...kernel] = shape;
  if (out === undefined || inputs === undefined)
    throw new ShapeError(`${op}: expected a tensor of at least 2 dimensions, got shape ${shapeText(shape)}`);
  const field = numelOf(kernel);
  return { fanIn: inputs * field, fanOut: out * field };
}

interface XavierOptions extends GeneratorOption {
  gain?: number;
}
type XavierArgs = Call<[gain: number], XavierOptions>;

function xavierStd(op: string, t: Tensor, gain: number): number {
  const { fanIn, fanOut } = fans(op, t);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Uniform numbers of variance 2 / (fanIn + fanOut). PyTorch: `torch.nn.init.xavier_uniform_`.
 * @see Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks"
 */
export function xavierUniform_(tensor: Tensor, ...args: XavierArgs): Tensor {
  const { gain = 1, generator } = bind<XavierOptions>("xavierUniform_", ["gain", "generator"], args);
  const bound = Math.sqrt(3) * xavierStd("xavierUniform_", tensor, gain);
  return uniformWithin("xavierUniform_", tensor, -bound, bound, generator);
}

/** Normal numbers of variance 2 / (fanIn + fanOut). PyTorch: `torch.nn.init.xavier_normal_`. */
export function xavierNormal_(tensor: Tensor, ...args: XavierArgs): Tensor {
  const { gain = 1, generator } = bind<XavierOptions>("xavierNormal_", ["gain", "generator"], args);
  return normalWith("xavierNormal_", tensor, 0, xavierStd("xavierNormal_", tensor, gain), generator);
}

/** Which variance to keep: that of the values going forward, or of the gradients going back. */
export type FanMode = "fan_in" | "fan_out";

interface KaimingOptions extends GeneratorOption {
  /** Negative slope of the `leaky_relu` after the layer. */
  a?: number;
  mode?: FanMode;
  nonlinearity?: Nonlinearity;
}
type KaimingArgs = Call<[a: number, mode: FanMode, nonlinearity: Nonlinearity], KaimingOptions>;

function kaimingStd(
  op: string,
  t: Tensor,
  { a = 0, mode = "fan_in", nonlinearity = "leaky_relu" }: KaimingOptions,
): number {
  if (mode !== "fan_in" && mode !== "fan_out")
    throw new ValueError(`${op}: expected a mode of "fan_in" or "fan_out", got ${describe(mode)}`);
  const { fanIn, fanOut } = fans(op, t);
  return calculateGain(nonlinearity, a) / Math.sqrt(mode === "fan_in" ? fanIn : fanOut);
}

const KAIMING = ["a", "mode", "nonlinearity", "generator"] as const;

/**
 * Uniform numbers of the variance that rectifiers want. PyTorch: `torch.nn.init.kaiming_uniform_`.
 * @param args - `a` (0), `mode` ("fan_in"), `nonlinearity` ("leaky_relu")
 * @see He et al. 2015, arXiv:1502.01852
 */
export function kaimingUniform_(tensor: Tensor, ...args: KaimingArgs): Tensor {
  checkTensor("kaimingUniform_", tensor, "tensor");
  if (tensor.numel() === 0) return tensor;
  const options = bind<KaimingOptions>("kaimingUniform_", KAIMING, args);
  const bound = Math.sqrt(3) * kaimingStd("kaimingUniform_", tensor, options);
  return uniformWithin("kaimingUniform_", tensor, -bound, bound, options.generator);
}

/** Normal numbers of the variance that rectifiers want. PyTorch: `torch.nn.init.kaiming_normal_`. */
export function kaimingNormal_(tensor: Tensor, ...args: KaimingArgs): Tensor {
  checkTensor("kaimingNormal_", tensor, "tensor");
  if (tensor.numel() === 0) return tensor;
  const options = bind<KaimingOptions>("kaimingNormal_", KAIMING, args);
  return normalWith("kaimingNormal_", tensor, 0, kaimingStd("kaimingNormal_", tensor, options), options.generator);
}

interface SparseOptions extends GeneratorOption {
  sparsity: number;
  std?: number;
}

interface OrthogonalOptions extends GeneratorOption {
  gain?: number;
}

/**
 * A matrix with orthonormal rows or columns, whichever are fewer, times `gain`; further dimensions count as columns.
 * PyTorch: `torch.nn.init.orthogonal_`.
 *
 * @param tensor - at least 2 dimensions
 * @throws ShapeError for fewer dimensions
 * @see Saxe, McClelland & Ganguli 2013, arXiv:1312.6120
 */
export function orthogonal_(tensor: Tensor, ...args: Call<[gain: number], OrthogonalOptions>): Tensor {
  const { gain = 1, generator } = bind<OrthogonalOptions>("orthogonal_", ["gain", "generator"], args);
  checkTensor("orthogonal_", tensor, "tensor");
  if (tensor.ndim < 2)
    throw new ShapeError(
      `orthogonal_: expected a tensor of at least 2 dimensions, got shape ${shapeText(tensor.shape)}`,
    );
  if (tensor.numel() === 0) return tensor;
  const rows = tensor.shape[0] as number;
  const drawn = normalWith("orthogonal_", tensor.newEmpty([rows, tensor.numel() / rows]), 0, 1, generator);
  return fill(tensor, () => {
    const wide = rows < (drawn.shape[1] as number);
    const [q, r] = qr(wide ? drawn.t() : drawn);
    // The signs make it uniform among all such matrices: Mezzadri 2007, arXiv:math-ph/0609050.
    const signed = q.mul(r.diagonal().sign());
    return tensor.copy_((wide ? signed.t() : signed).reshape(tensor.shape)).mul_(gain);
  });
}

/**
 * Normal numbers, of which a part of each column is zero. PyTorch: `torch.nn.init.sparse_`.
 * @param args - `sparsity`: the part, rounded up to whole rows; `std` (0.01)
 */
export function sparse_(
  tensor: Tensor,
  ...args: Named<[sparsity: number, std: number], ["sparsity", "std"], SparseOptions>
): Tensor {
  const {
    sparsity,
    std = 0.01,
    generator,
  } = named<SparseOptions>("sparse_", ["sparsity", "std", "generator"], 1, args);
  const [rows, columns] = matrix("sparse_", tensor);
  if (skipping) return tensor;
  const zeros = Math.ceil(sparsity * rows);
  normalWith("sparse_", tensor, 0, std, generator);
  const mask = new Uint8Array(rows * columns);
  for (let column = 0; column < columns; column++) {
    const order = randperm(rows, from(generator)).tolist() as number[];
    for (const row of order.slice(0, zeros)) mask[row * columns + column] = 1;
  }
  return fill(tensor, () => tensor.maskedFill_(fromData(mask).view(rows, columns).bool(), 0));
}
