/** @file Losses as modules. */
export { AdaptiveLogSoftmaxWithLoss } from "./adaptive-softmax.ts";
export { BCELoss, BCEWithLogitsLoss } from "./binary.ts";
export { CrossEntropyLoss, CTCLoss, NLLLoss, NLLLoss2d } from "./classification.ts";
export { GaussianNLLLoss, KLDivLoss, PoissonNLLLoss } from "./distribution.ts";
export {
  CosineEmbeddingLoss,
  HingeEmbeddingLoss,
  MarginRankingLoss,
  TripletMarginLoss,
  TripletMarginWithDistanceLoss,
} from "./embedding.ts";
export { MultiLabelMarginLoss, MultiLabelSoftMarginLoss, MultiMarginLoss, SoftMarginLoss } from "./margin.ts";
export { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from "./regression.ts";
