/** @file AdamW. */
import { bind, type Call } from "../ops/bind.ts";
import { ADAM_OPTIONS, Adam, type AdamOptions } from "./adam.ts";
import type { Params, SavedState } from "./optimizer.ts";

/** Those of `Adam`, whose decay is decoupled here. */
export type AdamWOptions = Omit<AdamOptions, "decoupledWeightDecay">;

const NAMES = Object.keys(ADAM_OPTIONS).filter((name) => name !== "decoupledWeightDecay") as (keyof AdamWOptions)[];

/**
 * Adam with decoupled weight decay: `p ← (1 − γλ)·p` before each step, apart from the gradient. PyTorch: `torch.optim.AdamW`.
 *
 * @param params - parameters, or groups of them with options of their own
 * @param args - `lr` (0.001), `betas` (`[0.9, 0.999]`), `eps`, `weightDecay` (0.01), `amsgrad`, `maximize`
 * @throws ValueError for an option out of its domain
 * @see Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization"
 * @example
 * const model = new nn.Linear(2, 1);
 * const optimizer = new torch.optim.AdamW(model.parameters(), { lr: 3e-4, betas: [0.9, 0.95], weightDecay: 0.1 });
 * optimizer.zeroGrad();
 * F.mseLoss(model(torch.ones(4, 2)), torch.zeros(4, 1)).backward();
 * optimizer.step();
 */
export class AdamW extends Adam {
  static override readonly printedName: string = "AdamW";

  constructor(
    params: Params<AdamWOptions>,
    ...args: Call<
      [lr: number, betas: readonly [number, number], eps: number, weightDecay: number, amsgrad: boolean],
      Partial<AdamWOptions>
    >
  ) {
    const { weightDecay = 0.01, ...options } = bind<AdamWOptions>("AdamW", NAMES, args);
    super(params, { ...options, weightDecay, decoupledWeightDecay: true });
  }

  /** As Adam's; a state of a PyTorch whose AdamW was not yet an Adam is taken, too. */
  override loadStateDict(stateDict: SavedState): void {
    super.loadStateDict(stateDict);
    for (const group of this.paramGroups) group.decoupledWeightDecay = true;
  }
}
