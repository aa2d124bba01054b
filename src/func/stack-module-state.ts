/** @file Parameters of several models of one kind, stacked: `torch.func.stack_module_state`. */
import { noGrad } from "../autograd/modes.ts";
import { ValueError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Module } from "../nn/module/module.ts";
import { stack } from "../ops/joining.ts";

type NamedTensors = Record<string, Tensor>;

/**
 * Parameters and buffers of several models of one class, each stacked along a new first dimension: for `vmap` over an ensemble.
 * PyTorch: `torch.func.stack_module_state`.
 *
 * @returns `[parameters, buffers]` by name; parameters are leaves, which require grad where the models' do
 * @throws ValueError for models of different classes or modes
 * @example
 * const models = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
 * const [params] = torch.func.stackModuleState(models);
 * const call = (p: Record<string, Tensor>, x: Tensor) => torch.func.functionalCall(models[0]!, p, x);
 * torch.func.vmap(call, { inDims: [0, null] })(params, torch.randn(4, 3)).shape // [2, 4, 2]
 */
export function stackModuleState(models: readonly Module[]): [params: NamedTensors, buffers: NamedTensors] {
  const op = "stackModuleState";
  const [first] = models;
  if (first === undefined) throw new ValueError(`${op}: expected at least one model, got none`);
  for (const model of models) {
    if (model.constructor !== first.constructor)
      throw new ValueError(
        `${op}: expected models of one class, got ${first.constructor.name} and ${model.constructor.name}`,
      );
    if (model.training !== first.training)
      throw new ValueError(`${op}: expected all models in training or all in evaluation, got both`);
  }
  const stacked = (named: (m: Module) => [string, Tensor][], isLeaf: boolean): NamedTensors => {
    const all = models.map((m) => new Map(named(m)));
    return Object.fromEntries(
      named(first).map(([name, t]) => {
        const whole = noGrad(() => stack(all.map((tensors) => tensors.get(name) as Tensor)));
        return [name, isLeaf ? whole.requiresGrad_(t.requiresGrad) : whole];
      }),
    );
  };
  return [stacked((m) => m.namedParameters(), true), stacked((m) => m.namedBuffers(), false)];
}
