/** @file Pictures as tensors. */
import { bytes } from "../../backends/cpu/memory.ts";
import { type DType, float32, float64, getDefaultDtype, uint8 } from "../../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { Layout } from "../../core/layout.ts";
import { shapeText } from "../../core/shape.ts";
import { Storage } from "../../core/storage.ts";
import { Tensor } from "../../core/tensor.ts";
import { allocate } from "../../ops/creation.ts";
import { Image } from "../image.ts";
import { Transform } from "./transform.ts";

/** `x / 255` for each byte `x`. Rounding the quotient of doubles once more gives what dividing float32 numbers gives. */
const fractions = Float32Array.from({ length: 256 }, (_, x) => x / 255);
const fractions64 = Float64Array.from({ length: 256 }, (_, x) => x / 255);

/** Where samples of a batch begin in their common memory: at multiples of a cache line. */
const ALIGNMENT = 64;

type Floats = Float32Array | Float64Array;

/** Writes H × W × C bytes as C × H × W fractions, from element `start` of `out` on. */
function writeFractions(out: Floats, start: number, image: Image): void {
  const { data, channels } = image;
  const table = out instanceof Float32Array ? fractions : fractions64;
  const area = image.width * image.height;
  for (let c = 0; c < channels; c++) {
    const plane = start + c * area;
    for (let i = 0, at = c; i < area; i++, at += channels) out[plane + i] = table[data[at] as number] as number;
  }
}

function floatsOf(storage: Storage, dtype: DType): Floats {
  const { buffer, byteOffset, byteLength } = bytes(storage);
  return dtype === float32
    ? new Float32Array(buffer, byteOffset, byteLength / 4)
    : new Float64Array(buffer, byteOffset, byteLength / 8);
}

/** The dtype of fractions; one that JavaScript has an array for, and which `finish` converts. */
const writtenAs = (dtype: DType): DType => (dtype === float64 ? float64 : float32);

function fromImage(image: Image): Tensor {
  const dtype = getDefaultDtype();
  const out = allocate([image.channels, image.height, image.width], writtenAs(dtype));
  writeFractions(floatsOf(out.storage, out.dtype), 0, image);
  return out.to(dtype);
}

/** An H × W × C (or H × W) tensor as C × H × W; only bytes are scaled. */
function fromArray(array: Tensor): Tensor {
  if (array.ndim !== 2 && array.ndim !== 3)
    throw new ShapeError(`ToTensor: expected an image of 2 or 3 dimensions (H, W or H, W, C), got shape ${shapeText(array.shape)}`);
  const planes = array.ndim === 2 ? array.unsqueeze(0) : array.permute([2, 0, 1]);
  if (array.dtype !== uint8) return planes.contiguous();
  return planes.contiguous().to(getDefaultDtype()).div(255);
}

/**
 * A picture as a tensor of shape (C, H, W) with values from 0 to 1. It takes an `Image`, or a tensor of shape (H, W, C) or (H, W),
 * which is scaled only if it is uint8. torchvision: `transforms.ToTensor`.
 * @throws ShapeError, ValueError if the input is no picture
 * @example
 * new ToTensor()(new Image("L", 2, 1, new Uint8Array([0, 255]))) // tensor([[[0., 1.]]])
 */
export class ToTensor extends Transform<Image | Tensor, Tensor> {
  static override readonly printedName = "ToTensor";

  forward(picture: Image | Tensor): Tensor {
    if (picture instanceof Image) return fromImage(picture);
    if (picture instanceof Tensor) return fromArray(picture);
    throw new ValueError(`ToTensor: expected an Image or a Tensor, got ${describe(picture)}`);
  }

  /** As `forward` for each. Pictures of one size share a piece of memory: they are made, used and dropped together. */
  override many(pictures: readonly (Image | Tensor)[]): Tensor[] {
    const [first] = pictures;
    const dtype = getDefaultDtype();
    const alike = (x: Image | Tensor) => x instanceof Image && x.mode === (first as Image).mode && x.width === (first as Image).width && x.height === (first as Image).height;
    if (dtype !== writtenAs(dtype) || !pictures.every(alike)) return pictures.map((x) => this.forward(x));
    const { channels, height, width } = first as Image;
    const layout = Layout.contiguous([channels, height, width]);
    const used = layout.numel * dtype.itemsize;
    const step = Math.ceil(used / ALIGNMENT) * ALIGNMENT;
    const { storage: whole } = allocate([(pictures.length * step) / dtype.itemsize], dtype);
    const out = floatsOf(whole, dtype);
    return pictures.map((picture, i) => {
      writeFractions(out, (i * step) / dtype.itemsize, picture as Image);
      const own = new Storage(whole.device, used, whole.block, whole.byteOffset + i * step);
      return new Tensor(own, layout, dtype);
    });
  }
}
