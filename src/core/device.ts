/** @file Where a tensor lives. */
import { DeviceError, describe } from "./errors.ts";

export type DeviceType = "cpu" | "cuda" | "webgpu" | "meta";

/** A device and, where there are several of its kind, its number. PyTorch: `torch.device`. */
export class Device {
  readonly type: DeviceType;
  readonly index: number | null;

  constructor(type: DeviceType, index: number | null = null) {
    this.type = type;
    this.index = index;
  }

  /** `cpu` or `webgpu:0`. */
  toString(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.index === null ? `device(type='${this.type}')` : `device(type='${this.type}', index=${this.index})`;
  }
}

export const cpu = new Device("cpu");

export type DeviceLike = Device | string;

const TYPES: readonly string[] = ["cpu", "cuda", "webgpu", "meta"] satisfies DeviceType[];

/**
 * The device that a string such as `"cpu"` or `"webgpu:0"` names. PyTorch: `torch.device`.
 * @throws DeviceError if no such kind of device is known
 */
export function device(spec: DeviceLike, index?: number): Device {
  if (spec instanceof Device) return spec;
  if (typeof spec !== "string") throw new DeviceError(`device: expected a string such as "cpu", got ${describe(spec)}`);
  const match = /^([a-z]+)(?::(\d+))?$/.exec(spec);
  const type = match?.[1];
  if (!type || !TYPES.includes(type))
    throw new DeviceError(
      `device: expected one of ${TYPES.join(", ")} (with an index, as in "webgpu:0"), got ${describe(spec)}`,
    );
  const number = match[2] === undefined ? (index ?? null) : Number(match[2]);
  if (type === "cpu" && (number === null || number === 0)) return number === null ? cpu : new Device("cpu", 0);
  return new Device(type as DeviceType, number);
}
