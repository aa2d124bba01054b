/** @file `torch.utils.data`. */
export { type Collated, type Converted, defaultCollate, defaultConvert } from "./collate.ts";
export { DataLoader, type DataLoaderOptions } from "./data-loader.ts";
export {
  ChainDataset,
  ConcatDataset,
  Dataset,
  IterableDataset,
  type IterableSource,
  type MapDataset,
  type Samples,
} from "./dataset.ts";
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from "./sampler.ts";
export { randomSplit, Subset } from "./subset.ts";
export { StackDataset, type Stacked, TensorDataset } from "./tensor-dataset.ts";
export { getWorkerInfo } from "./worker-info.ts";
