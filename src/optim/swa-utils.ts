/** @file Averages of a model's weights along its training. */
import { noGrad } from "../autograd/modes.ts";
import type { DeviceLike } from "../core/device.ts";
import { int64 } from "../core/dtype.ts";
import { describe, ValueError } from "../core/errors.ts";
import { Buffer } from "../core/parameter.ts";
import { Tensor } from "../core/tensor.ts";
import { arg, scalar } from "../expr/index.ts";
import { BatchNorm } from "../nn/layers/batch-norm.ts";
import { isModule } from "../nn/module/contents.ts";
import { deepcopy } from "../nn/module/deepcopy.ts";
import { Module } from "../nn/module/module.ts";
import { bind, type Call } from "../ops/bind.ts";
import { zeros } from "../ops/creation.ts";
import { checkInt, type Named, named } from "../ops/params.ts";
import { FusedPass, FusedUpdate } from "./fused-update.ts";
import { LRScheduler, perGroup, type ScheduledOptimizer } from "./lr-scheduler/scheduler.ts";

/** What becomes of an average when a model is added to `numAveraged` others. */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: number) => Tensor;
/** The same for all tensors of one dtype and device, in place. */
export type MultiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[], numAveraged: number) => void;

/** `a ← a + w·(x − a)`. */
const towards = new FusedUpdate({
  inputs: ["averaged", "current"],
  scalars: ["weight"],
  outputs: { averaged: arg("averaged").add(scalar("weight").mul(arg("current").sub(arg("averaged")))) },
});

/** Moves averages towards new values, in one pass where they are floating; integers are computed as floats and cut. */
function moveTowards(op: string, averaged: readonly Tensor[], current: readonly Tensor[], weight: number): void {
  const pass = new FusedPass(op);
  noGrad(() => {
    for (const [i, a] of averaged.entries()) {
      const x = current[i] as Tensor;
      if (a.dtype.isFloatingPoint || a.dtype.isComplex) pass.add(towards, [a, x.to(a.dtype)], [weight]);
      else a.copy_(x.mul(weight).add(a.mul(1 - weight)));
    }
    pass.run();
  });
}

function checkDecay(op: string, decay: number): void {
  if (!(decay >= 0 && decay <= 1))
    throw new ValueError(`${op}: expected a number from 0 to 1 as decay, got ${describe(decay)}`);
}

/**
 * The exponential moving average: `decay · averaged + (1 − decay) · current`. PyTorch: `torch.optim.swa_utils.get_ema_avg_fn`.
 * @throws ValueError unless `decay` (0.999) lies from 0 to 1
 */
export function getEmaAvgFn(decay = 0.999): AvgFn {
  checkDecay("getEmaAvgFn", decay);
  return (averaged, current) => noGrad(() => averaged.mul(decay).add(current.mul(1 - decay)));
}

/** The plain average of all models so far. PyTorch: `torch.optim.swa_utils.get_swa_avg_fn`. */
export function getSwaAvgFn(): AvgFn {
  return (averaged, current, n) => noGrad(() => averaged.add(current.sub(averaged).div(n + 1)));
}

/**
 * The exponential moving average of many tensors, in one pass. PyTorch: `torch.optim.swa_utils.get_ema_multi_avg_fn`.
 * @throws ValueError unless `decay` (0.999) lies from 0 to 1
 */
export function getEmaMultiAvgFn(decay = 0.999): MultiAvgFn {
  checkDecay("getEmaMultiAvgFn", decay);
  return (averaged, current) => moveTowards("getEmaMultiAvgFn", averaged, current, 1 - decay);
}

/** The plain average of many tensors, in one pass. PyTorch: `torch.optim.swa_utils.get_swa_multi_avg_fn`. */
export function getSwaMultiAvgFn(): MultiAvgFn {
  return (averaged, current, n) => moveTowards("getSwaMultiAvgFn", averaged, current, 1 / (n + 1));
}

interface AveragedOptions {
  device?: DeviceLike | null;
  avgFn?: AvgFn | null;
  multiAvgFn?: MultiAvgFn | null;
  useBuffers?: boolean;
}

/**
 * A copy of a model whose parameters are averages of the model's along its training. PyTorch: `torch.optim.swa_utils.AveragedModel`.
 *
 * Differs: the averaging functions get the number of averaged models as a number.
 *
 * @param args - `device`, `avgFn` or `multiAvgFn` (the plain average if neither is given), `useBuffers` (false): average buffers, too;
 *   else they are the model's of the last update
 * @throws ValueError for both averaging functions
 * @see Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization"
 * @example
 * const model = new nn.Linear(1, 1, { bias: false });
 * const { getEmaMultiAvgFn } = torch.optim.swaUtils;
 * const averaged = new torch.optim.swaUtils.AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.75) });
 * for (const weight of [0, 4]) {
 *   torch.noGrad(() => model.weight.fill_(weight));
 *   averaged.updateParameters(model);
 * }
 * averaged.module.weight.item() // 1
 */
export class AveragedModel<M extends Module = Module> extends Module {
  static readonly printedName: string = "AveragedModel";
  readonly module: M;
  /** How many models the average is of. */
  nAveraged: Buffer;
  readonly avgFn: AvgFn | null;
  readonly multiAvgFn: MultiAvgFn | null;
  readonly useBuffers: boolean;

  constructor(
    model: M,
    ...args: Call<
      [device: DeviceLike | null, avgFn: AvgFn | null, multiAvgFn: MultiAvgFn | null, useBuffers: boolean],
      AveragedOptions
    >
  ) {
    super();
    if (!isModule(model)) throw new ValueError(`AveragedModel: expected a Module as model, got ${describe(model)}`);
    const names = ["device", "avgFn", "multiAvgFn", "useBuffers"] as const;
    const options = bind<AveragedOptions>("AveragedModel", names, args);
    const { device = null, avgFn = null, multiAvgFn = null, useBuffers = false } = options;
    if (avgFn !== null && multiAvgFn !== null)
      throw new ValueError("AveragedModel: expected one of avgFn and multiAvgFn, got both");
    const copy = deepcopy(model);
    this.module = device === null ? copy : copy.to(device);
    this.nAveraged = new Buffer(zeros([], { dtype: int64, device }));
    this.avgFn = avgFn;
    this.multiAvgFn = multiAvgFn;
    this.useBuffers = useBuffers;
  }

  override forward(...args: Parameters<M["forward"]>): ReturnType<M["forward"]> {
    return this.module.forward(...args);
  }

  /**
   * Adds a model to the average; the first is copied.
   * @throws ValueError if it has other parameters
   */
  updateParameters(model: Module): void {
    const tensorsOf = (m: Module): Tensor[] => [...m.parameters(), ...(this.useBuffers ? m.buffers() : [])];
    const averaged = tensorsOf(this.module).map((t) => t.detach());
    const current = tensorsOf(model).map((t, i) => t.detach().to(averaged[i]?.device ?? t.device));
    if (averaged.length !== current.length)
      throw new ValueError(
        `updateParameters: expected a model with ${averaged.length} tensors, as the averaged one, got ${current.length}`,
      );
    const n = this.nAveraged.item();
    noGrad(() => {
      if (n === 0) for (const [i, t] of averaged.entries()) t.copy_(current[i] as Tensor);
      else this.average(averaged, current, n);
      if (!this.useBuffers)
        for (const [i, b] of this.module.buffers().entries()) b.copy_((model.buffers()[i] as Tensor).detach());
      this.nAveraged.add_(1);
    });
  }

  private average(averaged: readonly Tensor[], current: readonly Tensor[], n: number): void {
    const { avgFn } = this;
    if (avgFn !== null) {
      for (const [i, a] of averaged.entries()) a.copy_(avgFn(a, current[i] as Tensor, n));
      return;
    }
    const places = new Map<string, number[]>();
    for (const [i, { device, dtype }] of averaged.entries()) {
      const key = `${device} ${dtype}`;
      places.set(key, [...(places.get(key) ?? []), i]);
    }
    const together = this.multiAvgFn ?? getSwaMultiAvgFn();
    for (const list of places.values()) {
      const of = (tensors: readonly Tensor[]) => list.map((i) => tensors[i] as Tensor);
      together(of(averaged), of(current), n);
    }
  }
}

/** Batches: tensors, or arrays whose first element is one. */
type Batches = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * Computes the running statistics of batch normalisation anew, in one pass over data. PyTorch: `torch.optim.swa_utils.update_bn`.
 *
 * Differs: asynchronous, as data sets are.
 *
 * @param loader - gives batches: the model's input, or an array that begins with it
 * @param model - in which they are computed
 * @param device - where to move batches before
 * @example
 * const model = new nn.Sequential(new nn.BatchNorm1d(1));
 * await torch.optim.swaUtils.updateBn([torch.tensor([[1], [3]], { dtype: torch.float32 })], model);
 * model.stateDict()["0.running_mean"] // tensor([2.])
 */
export async function updateBn(loader: Batches, model: Module, device: DeviceLike | null = null): Promise<void> {
  const norms = model.modules().filter((m): m is BatchNorm => m instanceof BatchNorm && m.trackRunningStats);
  if (norms.length === 0) return;
  const momentums = norms.map(({ momentum }) => momentum);
  const wasTraining = model.training;
  model.train();
  for (const norm of norms) {
    norm.resetRunningStats();
    norm.momentum = null;
  }
  try {
    for await (const batch of loader) {
      const input = Array.isArray(batch) ? (batch[0] as unknown) : batch;
      if (!(input instanceof Tensor))
        throw new ValueError(`updateBn: expected batches of Tensors, got ${describe(input)}`);
      noGrad(() => (model as (x: Tensor) => unknown)(device === null ? input : input.to(device)));
    }
  } finally {
    for (const [i, norm] of norms.entries()) norm.momentum = momentums[i] as number | null;
    model.train(wasTraining);
  }
}

interface SwaOptions {
  swaLr: number | readonly number[];
  annealEpochs?: number;
  annealStrategy?: "cos" | "linear";
  lastEpoch?: number;
}

const ANNEAL = { cos: (t: number) => (1 - Math.cos(Math.PI * t)) / 2, linear: (t: number) => t };

/**
 * Goes from the learning rate to a fixed one in `annealEpochs` epochs. PyTorch: `torch.optim.swa_utils.SWALR`.
 *
 * @param args - `swaLr`, one for all groups or one each; `annealEpochs` (10), `annealStrategy` (`"cos"`, `"linear"`), `lastEpoch` (−1)
 * @throws ValueError for an unknown strategy, or a negative number of epochs
 * @example
 * const optimizer = new torch.optim.SGD([torch.zeros(1)], { lr: 1 });
 * const scheduler = new torch.optim.swaUtils.SWALR(optimizer, 0.5, { annealEpochs: 2, annealStrategy: "linear" });
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr() // [0.75]
 */
export class SWALR extends LRScheduler {
  static readonly printedName: string = "SWALR";
  declare annealEpochs: number;
  declare annealStrategy: keyof typeof ANNEAL;

  constructor(
    optimizer: ScheduledOptimizer,
    ...args: Named<
      [swaLr: number | readonly number[], annealEpochs: number, annealStrategy: "cos" | "linear", lastEpoch: number],
      ["swaLr", "annealEpochs", "annealStrategy", "lastEpoch"],
      SwaOptions
    >
  ) {
    const names = ["swaLr", "annealEpochs", "annealStrategy", "lastEpoch"] as const;
    const { swaLr, annealEpochs = 10, annealStrategy = "cos", lastEpoch } = named<SwaOptions>("SWALR", names, 1, args);
    const rates = perGroup("SWALR", "swaLr", optimizer, swaLr);
    if (!Object.hasOwn(ANNEAL, annealStrategy))
      throw new ValueError(`SWALR: expected "cos" or "linear" as annealStrategy, got ${describe(annealStrategy)}`);
    checkInt("SWALR", "annealEpochs", annealEpochs);
    if (annealEpochs < 0)
      throw new ValueError(`SWALR: expected a number of at least 0 as annealEpochs, got ${annealEpochs}`);
    for (const [i, group] of optimizer.paramGroups.entries()) group.swaLr = rates[i];
    super(optimizer, lastEpoch, { annealEpochs, annealStrategy });
  }

  override getLr(): number[] {
    const epochs = Math.max(1, this.annealEpochs);
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1;
    const part = (t: number) => ANNEAL[this.annealStrategy](Math.max(0, Math.min(1, t / epochs)));
    const [before, now] = [part(step - 1), part(step)];
    return this.optimizer.paramGroups.map(({ lr, swaLr }) => {
      const to = swaLr as number;
      const from = before === 1 ? to : (lr - before * to) / (1 - before);
      return to * now + from * (1 - now);
    });
  }
}
