/** @file Mixed precision: `torch.amp.autocast`. */
import { type AutocastOptions, autocastOf, checkDeviceType, inAutocast, isAutocasting } from "../autograd/autocast.ts";
import type { FunctionContext } from "../autograd/function.ts";
import { autocastMode, type ModeScope } from "../autograd/modes.ts";
import { bfloat16, type DType } from "../core/dtype.ts";
import { Tensor } from "../core/tensor.ts";
import { bind } from "../ops/bind.ts";

export type { AutocastOptions } from "../autograd/autocast.ts";

/** The devices that autocast knows. */
export type AutocastDevice = "cpu";

/**
 * Lets ops choose their precision, for a callback (which may be async on Node) or until the end of the block of
 * `using _ = autocast("cpu")`: products and convolutions compute in `dtype`, losses, decompositions and transforms in float32, `cat` and
 * `stack` in the widest dtype that they get. Parameters stay as they are. PyTorch: `torch.amp.autocast`, `torch.autocast`.
 *
 * @param deviceType - `"cpu"`
 * @param options - `dtype` (`torch.bfloat16`), `enabled` (true), `cacheEnabled` (true)
 * @throws DTypeError for a dtype that is not bfloat16 or float16
 * @example
 * const layer = new nn.Linear(4, 2);
 * const y = torch.autocast("cpu", { dtype: torch.bfloat16 }, () => layer(torch.ones(1, 4)));
 * y.dtype // torch.bfloat16
 * y.float().sum().backward();
 * layer.weight.grad?.dtype // torch.float32
 */
export function autocast(deviceType: AutocastDevice, options?: AutocastOptions): ModeScope;
export function autocast<R>(deviceType: AutocastDevice, body: () => R): R;
export function autocast<R>(deviceType: AutocastDevice, options: AutocastOptions, body: () => R): R;
export function autocast<R>(
  deviceType: AutocastDevice,
  second: AutocastOptions | (() => R) = {},
  third?: () => R,
): R | ModeScope {
  const [options, body] = typeof second === "function" ? [{}, second] : [second, third];
  checkDeviceType("autocast", deviceType);
  const bound = bind<AutocastOptions>("autocast", ["dtype", "enabled", "cacheEnabled"], [options]);
  return inAutocast("autocast", autocastOf("autocast", bound, autocastMode()), body);
}

/** Whether ops choose their precision here. PyTorch: `torch.is_autocast_enabled`. */
export function isAutocastEnabled(deviceType: AutocastDevice = "cpu"): boolean {
  checkDeviceType("isAutocastEnabled", deviceType);
  return isAutocasting();
}

/** The smaller dtype of autocast here, or that it has where none is given. PyTorch: `torch.get_autocast_dtype`. */
export function getAutocastDtype(deviceType: AutocastDevice): DType {
  checkDeviceType("getAutocastDtype", deviceType);
  return autocastMode()?.dtype ?? bfloat16;
}

/** Whether autocast serves a kind of device. PyTorch: `torch.amp.autocast_mode.is_autocast_available`. */
export function isAutocastAvailable(deviceType: string): boolean {
  return deviceType === "cpu";
}

/** What `customFwd` notes for `customBwd`. */
interface AutocastNote {
  readonly dtype: DType;
  readonly enabled: boolean;
}
const NOTE = Symbol("autocast");

type Forward<A extends unknown[], R> = (context: FunctionContext, ...args: A) => R;

export interface CustomFwdOptions {
  readonly deviceType: AutocastDevice;
  /** Under autocast, cast floating-point tensors among the arguments to this dtype, and run with autocast off. */
  readonly castInputs?: DType | null;
}

/**
 * Makes the `forward` of a `torch.autograd.Function` fit for autocast: it runs with the autocast of its call, or with its arguments cast.
 * PyTorch: `torch.amp.custom_fwd`.
 * @example
 * class Square extends torch.autograd.Function {
 *   static forward = torch.amp.customFwd(
 *     (ctx, x: Tensor) => {
 *       ctx.saveForBackward(x);
 *       return x.mul(x);
 *     },
 *     { deviceType: "cpu", castInputs: torch.float32 },
 *   );
 *   static backward = torch.amp.customBwd(
 *     (ctx, grad: Tensor) => grad.mul(ctx.savedTensors[0]!.mul(2)),
 *     { deviceType: "cpu" },
 *   );
 * }
 * const x = torch.ones(2, { dtype: torch.bfloat16, requiresGrad: true });
 * torch.autocast("cpu", () => Square.apply(x)).dtype // torch.float32
 */
export function customFwd<A extends unknown[], R>(fwd: Forward<A, R>, options: CustomFwdOptions): Forward<A, R> {
  const { deviceType, castInputs = null } = options;
  checkDeviceType("customFwd", deviceType);
  return (context, ...args) => {
    const enabled = isAutocasting();
    const note: AutocastNote = { dtype: getAutocastDtype(deviceType), enabled: enabled && castInputs === null };
    Reflect.set(context, NOTE, note);
    if (!enabled || castInputs === null) return fwd(context, ...args);
    const cast = args.map((x) => castTo(x, castInputs)) as A;
    return autocast(deviceType, { enabled: false }, () => fwd(context, ...cast));
  };
}

/** Floating-point tensors in another dtype; in arrays, too. */
function castTo(x: unknown, dtype: DType): unknown {
  if (Array.isArray(x)) return x.map((item) => castTo(item, dtype));
  return x instanceof Tensor && x.dtype.isFloatingPoint && x.dtype.name !== "float64" ? x.to(dtype) : x;
}

/**
 * Makes the `backward` of a `torch.autograd.Function` run with the autocast that its `forward` ran with. PyTorch: `torch.amp.custom_bwd`.
 */
export function customBwd<A extends unknown[], R>(
  bwd: Forward<A, R>,
  options: { readonly deviceType: AutocastDevice },
): Forward<A, R> {
  const { deviceType } = options;
  checkDeviceType("customBwd", deviceType);
  return (context, ...grads) => {
    const note = Reflect.get(context, NOTE) as AutocastNote | undefined;
    if (note === undefined) return bwd(context, ...grads);
    return autocast(deviceType, note, () => bwd(context, ...grads));
  };
}
