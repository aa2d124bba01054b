/** @file `torch.nn.utils.parametrize`. */
export { type CacheScope, cached } from "./cached.ts";
export { type Parametrization, ParametrizationList } from "./parametrization-list.ts";
export {
  isParametrized,
  registerParametrization,
  removeParametrizations,
  transferParametrizationsAndParams,
  typeBeforeParametrizations,
} from "./register.ts";
