/** @file `torch.fft`. */
export type { FftNorm } from "./arguments.ts";
export { type FrequencyOptions, fftfreq, fftshift, ifftshift, rfftfreq } from "./frequencies.ts";
export { type FftOptions, fft, hfft, ifft, ihfft, irfft, rfft } from "./one-dimension.ts";
export {
  type FftnOptions,
  fft2,
  fftn,
  hfft2,
  hfftn,
  ifft2,
  ifftn,
  ihfft2,
  ihfftn,
  irfft2,
  irfftn,
  rfft2,
  rfftn,
} from "./several-dimensions.ts";
