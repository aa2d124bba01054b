import type { Tensor } from "typetorch";
import * as torch from "typetorch";
import { expectTypeOf, test } from "vitest";

const { nn, optim } = torch;
const { lrScheduler, swaUtils } = optim;
const params = [torch.zeros(1)];

test("optimizers know their options", () => {
  new optim.Adam(params, { lr: 0.1, betas: [0.9, 0.99], amsgrad: true });
  new optim.Adam(params, 0.1, [0.9, 0.99], { weightDecay: 1 });
  new optim.Adam([{ params, betas: [0.5, 0.5], weightDecay: 1 }]);
  new optim.Adam(new nn.Linear(1, 1).namedParameters());
  // @ts-expect-error wrong name
  new optim.Adam(params, { learningRate: 0.1 });
  // @ts-expect-error one of two numbers
  new optim.Adam(params, { betas: [0.9] });
  // @ts-expect-error no flag
  new optim.Adam(params, { amsgrad: 1 });
  // @ts-expect-error what is optimized is missing
  new optim.Adam();
  // @ts-expect-error wrong name in a group
  new optim.Adam([{ params, momentum: 0.9 }]);
  // @ts-expect-error it is always decoupled
  new optim.AdamW(params, { decoupledWeightDecay: false });
  // @ts-expect-error Adam has no momentum
  new optim.Adamax(params, { momentum: 0.9 });
  new optim.RMSprop(params, { centered: true, momentum: 0.9 });
  // @ts-expect-error one number
  new optim.Rprop(params, { etas: 0.5 });
  new optim.Adafactor(params, { eps: [null, 1e-3] });
  new optim.Muon(params, { adjustLrFn: "match_rms_adamw" });
  // @ts-expect-error no such adjustment
  new optim.Muon(params, { adjustLrFn: "adamw" });
});

test("LBFGS needs a closure", () => {
  const o = new optim.LBFGS(params, { lineSearchFn: "strong_wolfe" });
  expectTypeOf(o.step(() => torch.zeros(1))).toEqualTypeOf<Tensor>();
  // @ts-expect-error no closure
  o.step();
  // @ts-expect-error no such search
  new optim.LBFGS(params, { lineSearchFn: "armijo" });
});

test("hooks", () => {
  const o = new optim.SGD(params);
  o.registerStepPreHook((optimizer, args) => void [optimizer.paramGroups, args.length]);
  o.registerStateDictPostHook((_, state) => ({ ...state, param_groups: [] }));
  // @ts-expect-error no state
  o.registerStateDictPostHook(() => 3);
  // @ts-expect-error wrong name
  o.registerStateDictPreHook(() => {}, { first: true });
});

test("schedulers know their options", () => {
  const o = new optim.SGD(params);
  new lrScheduler.StepLR(o, 3, { gamma: 0.5 });
  new lrScheduler.StepLR(o, { stepSize: 3 });
  // @ts-expect-error the step size is missing
  new lrScheduler.StepLR(o);
  // @ts-expect-error the step size is missing
  new lrScheduler.StepLR(o, { gamma: 0.5 });
  // @ts-expect-error wrong name
  new lrScheduler.StepLR(o, 3, { verbose: true });
  new lrScheduler.CosineAnnealingLR(o, { tMax: 3 });
  // @ts-expect-error Python's name
  new lrScheduler.CosineAnnealingLR(o, { T_max: 3 });
  new lrScheduler.CyclicLR(o, 0.1, [0.2], { mode: "exp_range" });
  // @ts-expect-error no such mode
  new lrScheduler.CyclicLR(o, 0.1, 0.2, { mode: "sine" });
  // @ts-expect-error the upper bound is missing
  new lrScheduler.CyclicLR(o, 0.1);
  new lrScheduler.OneCycleLR(o, 0.1, { totalSteps: 3, annealStrategy: "linear" });
  // @ts-expect-error no such strategy
  new lrScheduler.OneCycleLR(o, 0.1, { totalSteps: 3, annealStrategy: "sine" });
  new lrScheduler.LambdaLR(o, (epoch) => 0.5 ** epoch);
  // @ts-expect-error no function
  new lrScheduler.LambdaLR(o, 0.5);
  // @ts-expect-error no optimizer
  new lrScheduler.ExponentialLR(params, 0.5);
});

test("a plateau needs a metric", () => {
  const o = new optim.SGD(params);
  const plateau = new lrScheduler.ReduceLROnPlateau(o, "max", { patience: 1 });
  plateau.step(0.5);
  plateau.step(torch.zeros([]));
  // @ts-expect-error no metric
  plateau.step();
  // @ts-expect-error no such mode
  new lrScheduler.ReduceLROnPlateau(o, "least");
  const step = new lrScheduler.StepLR(o, 1);
  new lrScheduler.SequentialLR(o, [step, step], [3]);
  // @ts-expect-error the milestones are missing
  new lrScheduler.SequentialLR(o, [step, step]);
  // @ts-expect-error needs a metric
  new lrScheduler.ChainedScheduler([plateau]);
});

test("an averaged model is called as the model", () => {
  const averaged = new swaUtils.AveragedModel(new nn.Linear(1, 2), { avgFn: swaUtils.getEmaAvgFn(0.9) });
  expectTypeOf(averaged(torch.zeros(1))).toEqualTypeOf<Tensor>();
  expectTypeOf(averaged.module.weight).toEqualTypeOf<torch.nn.Parameter>();
  // @ts-expect-error wrong name
  new swaUtils.AveragedModel(new nn.Linear(1, 2), { averageFn: null });
  // @ts-expect-error no such strategy
  new swaUtils.SWALR(new optim.SGD(params), 0.1, { annealStrategy: "sine" });
});
