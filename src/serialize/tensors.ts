/** @file Makes tensors of what the readers find, and says to the writers what tensors are made of. */
import { metaOf } from "../autograd/meta.ts";
import { backendOf } from "../backends/backend.ts";
import { cpu, type Device, type DeviceLike, device as toDevice } from "../core/device.ts";
import { Layout } from "../core/layout.ts";
import { Parameter } from "../core/parameter.ts";
import type { Storage } from "../core/storage.ts";
import { Tensor } from "../core/tensor.ts";
import { fail } from "./fail.ts";
import type { CheckpointBuilder, DescribeTensor, StorageBytes } from "./spec.ts";

/** Where to put what was saved: a device for all, one for each that it was on, or a function of the latter. */
export type MapLocation = DeviceLike | Readonly<Record<string, DeviceLike>> | ((location: string) => DeviceLike | null);

class BuiltStorage implements StorageBytes {
  readonly storage: Storage;

  constructor(storage: Storage) {
    this.storage = storage;
  }
  get bytes(): Uint8Array {
    return backendOf(this.storage.device).bytes(this.storage);
  }
  get moves(): boolean {
    return this.storage.block.moves;
  }
}

/** Makes tensors; their storages are allocated where `mapLocation` says. */
export function tensorBuilder(mapLocation: MapLocation | undefined): CheckpointBuilder<BuiltStorage> {
  return {
    storage(nbytes, location) {
      const backend = backendOf(locate(location, mapLocation));
      const storage = backend.allocate(nbytes);
      return new BuiltStorage(storage);
    },
    tensor({ storage }, { dtype, shape, strides, offset, requiresGrad, isParameter }) {
      const tensor = new Tensor(storage, new Layout(shape, strides, offset), dtype);
      if (isParameter) return new Parameter(tensor, requiresGrad);
      if (requiresGrad) metaOf(tensor).requiresGrad = true;
      return tensor;
    },
  };
}

function locate(location: string, map: MapLocation | undefined): Device {
  const mapped = typeof map === "function" ? map(location) : isDeviceTable(map) ? map[location] : map;
  try {
    const device = toDevice(mapped ?? location);
    if (device.type === "cpu") return cpu;
  } catch {
    // A kind of device that only Python knows.
  }
  return fail(
    `has tensors of the device ${String(mapped ?? location)}, to which nothing can be loaded here: pass { mapLocation: "cpu" }`,
  );
}

function isDeviceTable(map: MapLocation | undefined): map is Readonly<Record<string, DeviceLike>> {
  return typeof map === "object" && !("type" in map && "index" in map);
}

/** Says what a tensor is made of, for the pickler. */
export const describeTensor: DescribeTensor = (value) => {
  if (!(value instanceof Tensor)) return null;
  const { storage, layout, dtype, device } = value;
  if (device.type !== "cpu") fail(`cannot save a tensor of the device ${device}: save its copy, (await x.cpu())`);
  return {
    storage,
    get bytes() {
      return steadyBytes(storage);
    },
    version: () => storage.version,
    dtype,
    shape: layout.shape,
    strides: layout.strides,
    offset: layout.offset,
    requiresGrad: value.requiresGrad,
    isParameter: value instanceof Parameter,
  };
};

/** The bytes of a storage, which stay what they are while they are being written somewhere: a copy if the storage may move. */
function steadyBytes(storage: Storage): Uint8Array {
  const bytes = backendOf(storage.device).bytes(storage);
  return storage.block.moves ? bytes.slice() : bytes;
}

/** The elements of a tensor, contiguous; its own memory where they are so already and stay where they are. */
export function contiguousBytes(tensor: Tensor): Uint8Array {
  const { storage, layout, dtype } = tensor.layout.isContiguous ? tensor : tensor.detach().contiguous();
  const begin = layout.offset * dtype.itemsize;
  return steadyBytes(storage).subarray(begin, begin + layout.numel * dtype.itemsize);
}
