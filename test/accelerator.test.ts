import { expect, it } from "vitest";
import * as torch from "../src/index.ts";

it("finds no accelerator where no engine is registered", () => {
  const { accelerator } = torch;
  expect([accelerator.isAvailable(), accelerator.currentAccelerator(), accelerator.deviceCount()]).toEqual([
    false,
    null,
    0,
  ]);
  expect(() => accelerator.currentDeviceIndex()).toThrow(torch.DeviceError);
});

it("has no CUDA, and says so", () => {
  expect([torch.cuda.isAvailable(), torch.cuda.deviceCount()]).toEqual([false, 0]);
  torch.cuda.manualSeedAll(0);
  expect(() => torch.cuda.synchronize()).toThrow("cuda.synchronize: expected a CUDA device, and there is none");
});
