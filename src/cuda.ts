/** @file `torch.cuda`: there is no CUDA engine yet, and asking says so. */
import { DeviceError } from "./core/errors.ts";

/** Whether CUDA can be used: no. PyTorch: `torch.cuda.is_available`. */
export function isAvailable(): boolean {
  return false;
}

/** Number of GPUs that CUDA can use: 0. PyTorch: `torch.cuda.device_count`. */
export function deviceCount(): number {
  return 0;
}

/** Whether CUDA's state has been set up: no. PyTorch: `torch.cuda.is_initialized`. */
export function isInitialized(): boolean {
  return false;
}

function absent(op: string): DeviceError {
  return new DeviceError(`cuda.${op}: expected a CUDA device, and there is none; ask torch.cuda.isAvailable() first`);
}

/** PyTorch: `torch.cuda.current_device`. @throws DeviceError, as long as there is no CUDA device */
export function currentDevice(): number {
  throw absent("currentDevice");
}

/** PyTorch: `torch.cuda.get_device_name`. @throws DeviceError, as long as there is no CUDA device */
export function getDeviceName(): string {
  throw absent("getDeviceName");
}

/** PyTorch: `torch.cuda.synchronize`. @throws DeviceError, as long as there is no CUDA device */
export function synchronize(): void {
  throw absent("synchronize");
}

/** Seeds the GPU's generator; without one it does nothing, as in PyTorch. PyTorch: `torch.cuda.manual_seed`. */
export function manualSeed(_seed: number | bigint): void {}

/** Seeds the generators of all GPUs; without any it does nothing, as in PyTorch. PyTorch: `torch.cuda.manual_seed_all`. */
export function manualSeedAll(_seed: number | bigint): void {}

/** Gives cached GPU memory back; without a GPU there is none. PyTorch: `torch.cuda.empty_cache`. */
export function emptyCache(): void {}
