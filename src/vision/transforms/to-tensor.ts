/** @file Pictures as tensors. */
import { bytes } from "../../backends/cpu/memory.ts";
import { float32, float64, getDefaultDtype, uint8 } from "../../core/dtype.ts";
import { describe, ShapeError, ValueError } from "../../core/errors.ts";
import { Layout } from "../../core/layout.ts";
import { shapeText } from "../../core/shape.ts";
import { Storage } from "../../core/storage.ts";
import { Tensor } from "../../core/tensor.ts";
import { allocate } from "../../ops/creation.ts";
import { Image } from "../image.ts";
import { Transform } from "./transform.ts";

/** `x / 255` for each byte `x`. */
const fractions = Float64Array.from({ length: 256 }, (_, x) => x / 255);

/** One picture, without the cost of an op. Rounding these quotients gives what dividing in float32 gives. */
function fromImage({ data, channels, height, width }: Image): Tensor {
  const dtype = getDefaultDtype();
  const out = allocate([channels, height, width], dtype === float64 ? float64 : float32);
  const { buffer, byteOffset } = bytes(out.storage);
  const Elements: Float64ArrayConstructor | Float32ArrayConstructor = dtype === float64 ? Float64Array : Float32Array;
  const elements = new Elements(buffer as ArrayBuffer, byteOffset, data.length);
  const area = height * width;
  for (let c = 0; c < channels; c++)
    for (let i = 0, at = c; i < area; i++, at += channels)
      elements[c * area + i] = fractions[data[at] as number] as number;
  return out.to(dtype);
}

/** An H × W × C (or H × W) tensor as C × H × W; only bytes are scaled. */
function fromArray(array: Tensor): Tensor {
  if (array.ndim !== 2 && array.ndim !== 3)
    throw new ShapeError(
      `ToTensor: expected an image of 2 or 3 dimensions (H, W or H, W, C), got shape ${shapeText(array.shape)}`,
    );
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

  /** As `forward` for each. Pictures of one size are converted together, and lie in one piece of memory. */
  override many(pictures: readonly (Image | Tensor)[]): Tensor[] {
    return allAlike(pictures) ? fromImages(pictures) : pictures.map((picture) => this.forward(picture));
  }
}

function allAlike(pictures: readonly (Image | Tensor)[]): pictures is readonly Image[] {
  const [first] = pictures;
  return (
    first instanceof Image &&
    pictures.every(
      (x) => x instanceof Image && x.mode === first.mode && x.width === first.width && x.height === first.height,
    )
  );
}

function fromImages(images: readonly Image[]): Tensor[] {
  const { channels, height, width } = images[0] as Image;
  const pixels = allocate([images.length, height, width, channels], uint8);
  const raw = bytes(pixels.storage);
  for (let i = 0, at = 0; i < images.length; i++) {
    const { data } = images[i] as Image;
    raw.set(data, at);
    at += data.length;
  }
  const { storage, dtype } = pixels.permute([0, 3, 1, 2]).to(getDefaultDtype()).contiguous().div_(255);
  const layout = Layout.contiguous([channels, height, width]);
  const nbytes = layout.numel * dtype.itemsize;
  // Each has a storage of its own, and so a version of its own: only the memory is common.
  return images.map(
    (_, i) =>
      new Tensor(new Storage(storage.device, nbytes, storage.block, storage.byteOffset + i * nbytes), layout, dtype),
  );
}
