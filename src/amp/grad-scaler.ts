/** @file Scales the loss so that small gradients do not vanish in float16. */
import { peekGrad } from "../autograd/grad-memory.ts";
import { noGrad } from "../autograd/modes.ts";
import { float16 } from "../core/dtype.ts";
import { CheckpointError, DTypeError, describe, ValueError } from "../core/errors.ts";
import { Tensor } from "../core/tensor.ts";
import { bind, type Call } from "../ops/bind.ts";
import type { Optimizer } from "../optim/optimizer.ts";

export interface GradScalerOptions {
  /** `"cpu"`. */
  readonly device?: "cpu";
  /** The scale in the beginning; 65536 if not given. */
  readonly initScale?: number;
  /** By how much the scale grows after `growthInterval` good steps; 2 if not given. */
  readonly growthFactor?: number;
  /** By how much it falls after gradients that are not finite; 0.5 if not given. */
  readonly backoffFactor?: number;
  readonly growthInterval?: number;
  /** `false`: everything passes as it is. */
  readonly enabled?: boolean;
}
const NAMES = ["device", "initScale", "growthFactor", "backoffFactor", "growthInterval", "enabled"] as const;

/** Where an optimizer is between two calls of `update`. */
interface Progress {
  stage: "ready" | "unscaled" | "stepped";
  foundInf: boolean | null;
}

type AnyOptimizer = Pick<Optimizer<object>, "paramGroups"> & { step(): unknown };
/** Tensors, in arrays of any depth. */
export type Scalable = Tensor | readonly Scalable[];

/** What `GradScaler.stateDict` gives: Python's keys. */
export interface GradScalerState {
  readonly scale: number;
  readonly growth_factor: number;
  readonly backoff_factor: number;
  readonly growth_interval: number;
  readonly _growth_tracker: number;
}

/**
 * Multiplies the loss, so that gradients that float16 would round to zero survive, and takes the factor out of them before a step. A step
 * whose gradients are not finite is left out, and the factor falls; otherwise it grows from time to time. PyTorch:
 * `torch.amp.GradScaler`.
 *
 * Differs: the device is `"cpu"` where none is given.
 *
 * @param args - `device`, `initScale` (65536), `growthFactor` (2), `backoffFactor` (0.5), `growthInterval` (2000), `enabled` (true)
 * @see Micikevicius et al. 2018, arXiv:1710.03740
 * @example
 * const model = new nn.Linear(4, 1);
 * const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 });
 * const scaler = new torch.amp.GradScaler({ initScale: 1024 });
 * const loss = torch.autocast("cpu", () => F.mseLoss(model(torch.ones(2, 4)), torch.zeros(2, 1)));
 * scaler.scale(loss).backward();
 * scaler.step(optimizer);
 * scaler.update();
 * scaler.getScale() // 1024
 */
export class GradScaler {
  private readonly enabled: boolean;
  private currentScale: number;
  private growthFactor: number;
  private backoffFactor: number;
  private growthInterval: number;
  private growthTracker = 0;
  private progress = new Map<AnyOptimizer, Progress>();

  constructor(
    ...args: Call<
      [
        device: "cpu",
        initScale: number,
        growthFactor: number,
        backoffFactor: number,
        growthInterval: number,
        enabled: boolean,
      ],
      GradScalerOptions
    >
  ) {
    const options = bind<GradScalerOptions>("GradScaler", NAMES, args);
    const { device = "cpu", initScale = 65536, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = options;
    if (device !== "cpu") throw new ValueError(`GradScaler: expected "cpu" as device, got ${describe(device)}`);
    if (!(growthFactor > 1))
      throw new ValueError(`GradScaler: expected a growthFactor greater than 1, got ${describe(growthFactor)}`);
    if (!(backoffFactor < 1))
      throw new ValueError(`GradScaler: expected a backoffFactor less than 1, got ${describe(backoffFactor)}`);
    this.enabled = options.enabled ?? true;
    this.currentScale = Math.fround(initScale);
    this.growthFactor = growthFactor;
    this.backoffFactor = backoffFactor;
    this.growthInterval = growthInterval;
  }

  /** The tensor, or each of an array, times the scale. */
  scale<T extends Scalable>(outputs: T): T;
  scale(outputs: Scalable): Scalable {
    if (!this.enabled) return outputs;
    if (outputs instanceof Tensor) return outputs.mul(this.currentScale);
    if (!Array.isArray(outputs))
      throw new ValueError(`GradScaler.scale: expected a Tensor or an array of them, got ${describe(outputs)}`);
    return outputs.map((t: Scalable) => this.scale(t));
  }

  private progressOf(optimizer: AnyOptimizer): Progress {
    let found = this.progress.get(optimizer);
    if (found === undefined) {
      found = { stage: "ready", foundInf: null };
      this.progress.set(optimizer, found);
    }
    return found;
  }

  /**
   * Takes the scale out of the gradients of an optimizer's parameters; before `clipGradNorm_`, for example. `step` does it otherwise.
   * @throws ValueError if that was done already since the last `update`; DTypeError for gradients of float16
   */
  unscale_(optimizer: AnyOptimizer): void {
    if (!this.enabled) return;
    const progress = this.progressOf(optimizer);
    if (progress.stage === "unscaled")
      throw new ValueError(
        "GradScaler.unscale_: unscale_() has already been called on this optimizer since the last update()",
      );
    if (progress.stage === "stepped")
      throw new ValueError("GradScaler.unscale_: unscale_() is being called after step()");
    const grads = optimizer.paramGroups.flatMap(({ params }) => params.flatMap((p) => peekGrad(p) ?? []));
    const half = grads.find((g) => g.dtype === float16);
    if (half !== undefined)
      throw new DTypeError(
        "GradScaler.unscale_: expected gradients of float32, got float16; keep parameters in float32",
      );
    const inverse = Math.fround(1 / this.currentScale);
    let foundInf = grads.length > 0 ? false : null;
    noGrad(() => {
      for (const g of grads) {
        foundInf ||= !g.isfinite().all().item();
        if (inverse !== 1) g.mul_(inverse);
      }
    });
    progress.foundInf = foundInf;
    progress.stage = "unscaled";
  }

  /**
   * Steps the optimizer, unless its gradients are not finite.
   * @returns what the optimizer's `step` gives; `null` where it was left out
   * @throws ValueError for a second step without `update`, or without any gradient
   */
  step<O extends AnyOptimizer>(optimizer: O): ReturnType<O["step"]> | null {
    type Result = ReturnType<O["step"]>;
    if (!this.enabled) return optimizer.step() as Result;
    const progress = this.progressOf(optimizer);
    if (progress.stage === "stepped")
      throw new ValueError("GradScaler.step: step() has already been called since the last update()");
    if (progress.stage === "ready") this.unscale_(optimizer);
    if (progress.foundInf === null)
      throw new ValueError("GradScaler.step: expected gradients in the optimizer's parameters, got none");
    progress.stage = "stepped";
    return progress.foundInf ? null : (optimizer.step() as Result);
  }

  /**
   * Adapts the scale: smaller after gradients that were not finite, larger after `growthInterval` steps that were good.
   * @param newScale - sets it instead
   */
  update(newScale: number | Tensor | null = null): void {
    if (!this.enabled) return;
    if (newScale !== null) {
      const value: unknown = newScale instanceof Tensor ? newScale.item() : newScale;
      if (typeof value !== "number")
        throw new ValueError(`GradScaler.update: expected a number as newScale, got ${describe(newScale)}`);
      this.currentScale = Math.fround(value);
    } else this.adapt();
    this.progress = new Map();
  }

  private adapt(): void {
    const found = [...this.progress.values()].flatMap(({ foundInf }) => foundInf ?? []);
    if (found.length === 0)
      throw new ValueError("GradScaler.update: expected step() or unscale_() before update(), got neither");
    if (found.some((inf) => inf)) {
      this.currentScale = Math.fround(this.currentScale * this.backoffFactor);
      this.growthTracker = 0;
      return;
    }
    this.growthTracker++;
    if (this.growthTracker < this.growthInterval) return;
    const grown = Math.fround(this.currentScale * this.growthFactor);
    if (Number.isFinite(grown)) this.currentScale = grown;
    this.growthTracker = 0;
  }

  /** The scale; 1 where it is not enabled. */
  getScale(): number {
    return this.enabled ? this.currentScale : 1;
  }

  getGrowthFactor(): number {
    return this.growthFactor;
  }

  setGrowthFactor(newFactor: number): void {
    this.growthFactor = newFactor;
  }

  getBackoffFactor(): number {
    return this.backoffFactor;
  }

  setBackoffFactor(newFactor: number): void {
    this.backoffFactor = newFactor;
  }

  getGrowthInterval(): number {
    return this.growthInterval;
  }

  setGrowthInterval(newInterval: number): void {
    this.growthInterval = newInterval;
  }

  isEnabled(): boolean {
    return this.enabled;
  }

  /** What to save, under Python's keys; nothing where it is not enabled. */
  stateDict(): GradScalerState | Record<string, never> {
    if (!this.enabled) return {};
    return {
      scale: this.getScale(),
      growth_factor: this.growthFactor,
      backoff_factor: this.backoffFactor,
      growth_interval: this.growthInterval,
      _growth_tracker: this.growthTracker,
    };
  }

  /**
   * Takes over what `stateDict` gave, here or in Python.
   * @throws CheckpointError for a state of a scaler that was not enabled
   */
  loadStateDict(stateDict: Readonly<Record<string, unknown>> | GradScalerState): void {
    if (!this.enabled) return;
    const number = (key: string): number => {
      const value: unknown = Reflect.get(stateDict, key);
      if (typeof value !== "number")
        throw new CheckpointError(
          `GradScaler.loadStateDict: expected the state of an enabled GradScaler, got ${describe(value)} as ${key}`,
        );
      return value;
    };
    this.currentScale = Math.fround(number("scale"));
    this.growthFactor = number("growth_factor");
    this.backoffFactor = number("backoff_factor");
    this.growthInterval = number("growth_interval");
    this.growthTracker = number("_growth_tracker");
  }
}
