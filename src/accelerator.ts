/** @file `torch.accelerator`: the device beside the processor, whichever it is. */
import { backendOf } from "./backends/backend.ts";
import { Device, type DeviceType } from "./core/device.ts";
import { DeviceError } from "./core/errors.ts";

const ACCELERATORS: readonly DeviceType[] = ["cuda", "webgpu"];

/** Whether an engine serves this kind of device now. */
function isServed(type: DeviceType): boolean {
  try {
    backendOf(new Device(type));
    return true;
  } catch (error) {
    if (error instanceof DeviceError) return false;
    throw error;
  }
}

/** Whether there is an accelerator. PyTorch: `torch.accelerator.is_available`. */
export function isAvailable(): boolean {
  return currentAccelerator() !== null;
}

/**
 * The accelerator, `null` if there is none. PyTorch: `torch.accelerator.current_accelerator`.
 * @example
 * const device = torch.accelerator.currentAccelerator()?.type ?? "cpu";
 */
export function currentAccelerator(): Device | null {
  const type = ACCELERATORS.find(isServed);
  return type === undefined ? null : new Device(type);
}

/** Number of accelerators. PyTorch: `torch.accelerator.device_count`. */
export function deviceCount(): number {
  return isAvailable() ? 1 : 0;
}

/**
 * The number of the accelerator in use. PyTorch: `torch.accelerator.current_device_index`.
 * @throws DeviceError if there is none
 */
export function currentDeviceIndex(): number {
  if (!isAvailable()) throw new DeviceError("currentDeviceIndex: expected an accelerator, and there is none");
  return 0;
}
