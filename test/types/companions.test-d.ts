import * as torch from "typetorch";
import { nn, type Tensor } from "typetorch";
import { expectTypeOf, test } from "vitest";

const x = torch.zeros(2);

test("transforms keep the types of functions", () => {
  const f = (a: Tensor, scale: { by: Tensor }) => a.mul(scale.by).sum();
  expectTypeOf(torch.func.grad(f)).toEqualTypeOf<(a: Tensor, scale: { by: Tensor }) => Tensor>();
  expectTypeOf(torch.func.grad(f, 1)(x, { by: x })).toEqualTypeOf<{ by: Tensor }>();
  expectTypeOf(torch.func.gradAndValue(f)(x, { by: x })).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(torch.func.vmap(f)).toEqualTypeOf<(a: Tensor, scale: { by: Tensor }) => Tensor>();
  const [out, vjpFn] = torch.func.vjp(f, x, { by: x });
  expectTypeOf(out).toEqualTypeOf<Tensor>();
  expectTypeOf(vjpFn(x)).toEqualTypeOf<[a: Tensor, scale: { by: Tensor }]>();
  // @ts-expect-error an argument is missing
  torch.func.grad(f)(x);
  // @ts-expect-error no such option
  torch.func.vmap(f, { inDim: 0 });
});

test("calls in modes and checkpoints are typed by what they call", () => {
  expectTypeOf(torch.autocast("cpu", () => 3)).toEqualTypeOf<number>();
  // @ts-expect-error no such device
  torch.autocast("gpu");
  const f = (a: Tensor, n: number): [Tensor, number] => [a, n];
  expectTypeOf(torch.utils.checkpoint.checkpoint(f, x, 3, { useReentrant: false })).toEqualTypeOf<[Tensor, number]>();
  // @ts-expect-error the second argument is a number
  torch.utils.checkpoint.checkpoint(f, x, "3");
  expectTypeOf(torch.autograd.graph.saveOnCpu(() => x)).toEqualTypeOf<Tensor>();
});

test("what changes a module gives a module of its class", () => {
  const layer = new nn.Linear(2, 2);
  expectTypeOf(nn.utils.parametrizations.weightNorm(layer)).toEqualTypeOf<nn.Linear>();
  expectTypeOf(nn.utils.prune.l1Unstructured(layer, "weight", 0.5)).toEqualTypeOf<nn.Linear>();
  expectTypeOf(torch.utils.deepcopy(layer)).toEqualTypeOf<nn.Linear>();
  expectTypeOf(nn.utils.skipInit(nn.Linear, 2, 2)).toEqualTypeOf<nn.Linear>();
  expectTypeOf(torch.func.functionalCall(layer, {}, x)).toEqualTypeOf<Tensor>();
  nn.utils.clipGradNorm_(layer.parameters(), 1, { normType: Infinity });
  // @ts-expect-error the norm is missing
  nn.utils.clipGradNorm_(layer.parameters());
  // @ts-expect-error no such map
  nn.utils.parametrizations.orthogonal(layer, { orthogonalMap: "qr" });
  // @ts-expect-error an amount is missing
  nn.utils.prune.l1Unstructured(layer, "weight");
  // @ts-expect-error sizes are numbers
  nn.utils.skipInit(nn.Linear, "2", 2);
  layer.registerForwardHook(() => undefined, { alwaysCall: true });
  // @ts-expect-error there are no keyword arguments
  layer.registerForwardHook(() => undefined, { withKwargs: true });
});
