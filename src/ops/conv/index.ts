/** @file Convolution. */
export { type ConvOptions, type ConvPadding, conv1d, conv2d, conv3d } from "./convolve.ts";
export { convTbc } from "./tbc.ts";
export { type ConvTransposeOptions, convTranspose1d, convTranspose2d, convTranspose3d } from "./transposed.ts";
