/**
 * @file The whole contract between the ops and a device. A backend sees resolved dtypes and layouts:
 * no autograd, no promotion, no broadcasting rules.
 */

import type { Device, DeviceType } from "../core/device.ts";
import type { DType } from "../core/dtype.ts";
import { DeviceError } from "../core/errors.ts";
import type { Layout } from "../core/layout.ts";
import type { Scalar } from "../core/scalar.ts";
import type { Shape } from "../core/shape.ts";
import type { Storage } from "../core/storage.ts";
import type { Program } from "../expr/program.ts";
import type { Kernels } from "./kernels.ts";

/** A part of a storage as a kernel sees it. A `Tensor` is one. */
export interface Operand {
  readonly storage: Storage;
  readonly layout: Layout;
  readonly dtype: DType;
}

export interface Backend {
  readonly type: DeviceType;
  /** Memory with arbitrary content. */
  allocate(nbytes: number): Storage;
  /** Runs a program for each index of `shape`; inputs broadcast to it, outputs have it. Outputs may be inputs. */
  pointwise(
    program: Program,
    outs: readonly Operand[],
    ins: readonly Operand[],
    shape: Shape,
    scalars: readonly Scalar[],
  ): void;
  /**
   * Runs a program of floating type on many sets of inputs, and writes its output `k` over input `written[k]`. `operands` holds the
   * inputs set after set, all of one dtype and within a set of one shape, `scalars` the scalars likewise.
   */
  updateEach(
    program: Program,
    written: readonly number[],
    operands: readonly Operand[],
    scalars: readonly number[],
  ): void;
  /** Reduces `input`; an output has the input's number of dimensions, with size 1 where it is reduced. */
  reduce(
    reduction: number,
    accType: number,
    outs: readonly Operand[],
    input: Operand,
    scalars: readonly number[],
  ): void;
  /** The ops that are neither. */
  readonly kernels: Kernels;
  /** Takes back memory that nobody else holds. */
  recycle(storage: Storage): void;
  /** Moves a storage into memory that other threads can be given. */
  share(storage: Storage): void;
  isShared(storage: Storage): boolean;
  /** The bytes themselves, for devices whose memory the host can see. */
  bytes(storage: Storage): Uint8Array;
}

const backends = new Map<DeviceType, Backend>();

export function registerBackend(backend: Backend): void {
  backends.set(backend.type, backend);
  if (backend.type === "cpu") cpuBackend = backend;
}

let cpuBackend: Backend | null = null;

/** @throws DeviceError if no engine serves the device */
export function backendOf(device: Device): Backend {
  if (device.type === "cpu" && cpuBackend !== null) return cpuBackend;
  const found = backends.get(device.type);
  if (!found)
    throw new DeviceError(`device: ${device} is not available here; available: ${[...backends.keys()].join(", ")}`);
  return found;
}
