/** @file A picture in memory, as PIL's `Image` is one. */
import { describe, ShapeError, ValueError } from "../core/errors.ts";

/** Letters of the channels of each mode, as PIL names them. All have one byte a channel. */
const BANDS = {
  L: ["L"],
  LA: ["L", "A"],
  P: ["P"],
  RGB: ["R", "G", "B"],
  RGBA: ["R", "G", "B", "A"],
  CMYK: ["C", "M", "Y", "K"],
  YCbCr: ["Y", "Cb", "Cr"],
  HSV: ["H", "S", "V"],
} as const;

/** How the bytes of a pixel are to be read: `"L"` is grey, `"RGB"` colour. */
export type ImageMode = keyof typeof BANDS;

/**
 * A picture: bytes row by row, and in a row pixel by pixel (H × W × C). PIL: `PIL.Image.Image`.
 * @throws ShapeError if the number of bytes does not fit the size
 * @example
 * new Image("L", 2, 1, new Uint8Array([0, 255])).getbands() // ["L"]
 */
export class Image {
  readonly mode: ImageMode;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(mode: ImageMode, width: number, height: number, data: Uint8Array) {
    const bands = BANDS[mode];
    if (bands === undefined)
      throw new ValueError(`Image: expected one of the modes ${Object.keys(BANDS).join(", ")}, got ${describe(mode)}`);
    if (data.length !== width * height * bands.length)
      throw new ShapeError(
        `Image: expected ${width * height * bands.length} bytes for ${width} x ${height} pixels of mode ${mode}, got ${data.length}`,
      );
    this.mode = mode;
    this.width = width;
    this.height = height;
    this.data = data;
  }

  /** Width and height. PIL: `Image.size`. */
  get size(): [width: number, height: number] {
    return [this.width, this.height];
  }

  /** Bytes a pixel. */
  get channels(): number {
    return BANDS[this.mode].length;
  }

  /** The names of the channels. PIL: `Image.getbands`. */
  getbands(): readonly string[] {
    return BANDS[this.mode];
  }

  toString(): string {
    return `<Image mode=${this.mode} size=${this.width}x${this.height}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
