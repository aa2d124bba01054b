/** @file Random generators: PyTorch's mt19937 streams, so that one seed gives the same numbers in both languages. */
import { backendOf } from "../../backends/backend.ts";
import type { RandomState } from "../../backends/kernels.ts";
import { type Device, type DeviceLike, device as toDevice } from "../../core/device.ts";
import { uint8 } from "../../core/dtype.ts";
import { describe, ValueError } from "../../core/errors.ts";
import { Tensor } from "../../core/tensor.ts";
import { allocate } from "../creation.ts";

const DEFAULT_SEED = 67280421310721n;

/** Whole numbers of 64 bits, signed or not; negative ones count from 2^64. */
function seedBits(op: string, seed: number | bigint): bigint {
  const whole = typeof seed === "bigint" || Number.isSafeInteger(seed);
  if (!whole) throw new ValueError(`${op}: expected a whole number as seed, got ${describe(seed)}`);
  const value = BigInt(seed);
  if (value < -(2n ** 63n) || value >= 2n ** 64n)
    throw new ValueError(`${op}: expected a seed of 64 bits, got ${describe(seed)}`);
  return BigInt.asUintN(64, value);
}

/** 53 bits that nobody can foresee: what a double can hold exactly. */
function unforeseeableSeed(): number {
  const [high = 0, low = 0] = globalThis.crypto.getRandomValues(new Uint32Array(2));
  return (high & 0x1fffff) * 2 ** 32 + low;
}

/**
 * A source of random numbers with a state of its own. PyTorch: `torch.Generator`.
 * @example
 * const generator = new torch.Generator().manualSeed(0);
 * torch.rand(2, { generator }) // tensor([0.4963, 0.7682])
 */
export class Generator {
  readonly device: Device;
  /** Made when it is first asked for: an unforeseeable seed alone takes longer than loading most of the library. */
  private made: RandomState | null = null;

  /** @throws DeviceError if nothing serves the device */
  constructor(device: DeviceLike = "cpu") {
    this.device = toDevice(device);
    backendOf(this.device);
  }

  /** @internal */
  get state(): RandomState {
    if (this.made === null) {
      this.made = backendOf(this.device).kernels.random.newState();
      this.made.seed(this === defaultGenerator ? BigInt(unforeseeableSeed()) : DEFAULT_SEED);
    }
    return this.made;
  }

  /** Starts the stream that belongs to `seed`; gives the generator itself. */
  manualSeed(seed: number | bigint): this {
    this.state.seed(seedBits("manualSeed", seed));
    return this;
  }

  /** Starts a stream that cannot be foreseen, and gives its seed. */
  seed(): number {
    const seed = unforeseeableSeed();
    this.state.seed(BigInt(seed));
    return seed;
  }

  /** The seed of the present stream; a bigint beyond 2^53. */
  initialSeed(): number | bigint {
    const seed = this.state.initialSeed;
    return seed <= Number.MAX_SAFE_INTEGER ? Number(seed) : seed;
  }

  /** The whole state as a `uint8` tensor, the same bytes as PyTorch's. */
  getState(): Tensor {
    const saved = this.state.getState();
    const t = allocate([saved.length], uint8);
    backendOf(t.device).bytes(t.storage).set(saved);
    return t;
  }

  /**
   * Goes on from a state that `getState` gave, here or in PyTorch.
   * @throws ValueError if the tensor is no such state
   */
  setState(newState: Tensor): void {
    if (!(newState instanceof Tensor) || newState.dtype !== uint8)
      throw new ValueError(
        `setState: expected a uint8 tensor, got ${newState instanceof Tensor ? newState.dtype : describe(newState)}`,
      );
    const { storage, layout } = newState.detach().contiguous();
    this.state.setState(
      backendOf(storage.device)
        .bytes(storage)
        .subarray(layout.offset, layout.offset + layout.numel),
    );
  }

  /** Another generator in the same state. */
  cloneState(): Generator {
    const copy = new Generator(this.device);
    copy.setState(this.getState());
    return copy;
  }

  toString(): string {
    return `<torch.Generator device=${this.device}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** What everything random takes. */
export interface GeneratorOption {
  /** Where the numbers come from; the default generator if not given. */
  readonly generator?: Generator | null;
}

/** The generator behind every call that names none. PyTorch: `torch.default_generator`. */
export const defaultGenerator: Generator = new Generator();

/** @internal The state that a call draws from. */
export function stateOf(op: string, generator: Generator | null | undefined, device: Device): RandomState {
  if (generator === null || generator === undefined) return defaultGenerator.state;
  if (!(generator instanceof Generator))
    throw new ValueError(`${op}: expected a Generator as generator, got ${describe(generator)}`);
  if (generator.device.type !== device.type)
    throw new ValueError(`${op}: expected a generator for ${device}, got one for ${generator.device}`);
  return generator.state;
}

/**
 * Seeds the default generator. PyTorch: `torch.manual_seed`.
 * @param seed - a whole number of 64 bits; negative ones count from 2^64
 * @example
 * torch.manualSeed(0);
 * torch.rand(2) // tensor([0.4963, 0.7682])
 */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Seeds the default generator with a number that cannot be foreseen, and gives it. PyTorch: `torch.seed`. */
export function seed(): number {
  return defaultGenerator.seed();
}

/** The seed of the default generator. PyTorch: `torch.initial_seed`. */
export function initialSeed(): number | bigint {
  return defaultGenerator.initialSeed();
}

/** The state of the default generator. PyTorch: `torch.get_rng_state`. */
export function getRngState(): Tensor {
  return defaultGenerator.getState();
}

/** Sets the state of the default generator. PyTorch: `torch.set_rng_state`. */
export function setRngState(newState: Tensor): void {
  defaultGenerator.setState(newState);
}
