/** @file `torch.optim.lr_scheduler`. */
export { ChainedScheduler, SequentialLR } from "./composed.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine.ts";
export { CyclicLR, type CyclicMode } from "./cyclic.ts";
export { ExponentialLR, PolynomialLR } from "./decay.ts";
export { ConstantLR, LinearLR } from "./factor.ts";
export { LambdaLR, type LrLambda, MultiplicativeLR } from "./lambda.ts";
export { OneCycleLR } from "./one-cycle.ts";
export { ReduceLROnPlateau } from "./plateau.ts";
export { LRScheduler, type ScheduledOptimizer, type SchedulerStateDict } from "./scheduler.ts";
export { MultiStepLR, StepLR } from "./step.ts";
