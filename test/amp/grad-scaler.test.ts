import * as torch from "typetorch";
import { nn } from "typetorch";
import { expect, test } from "vitest";

const { GradScaler } = torch.amp;

function parameter(): { p: nn.Parameter; optimizer: torch.optim.SGD } {
  const p = new nn.Parameter(torch.ones(2));
  return { p, optimizer: new torch.optim.SGD([p], { lr: 0.5 }) };
}

test("scales the loss, unscales gradients, steps, and grows", () => {
  const { p, optimizer } = parameter();
  const scaler = new GradScaler({ initScale: 8, growthInterval: 2 });
  const scales: number[] = [];
  for (let i = 0; i < 4; i++) {
    optimizer.zeroGrad();
    const loss = scaler.scale(p.mul(2).sum());
    loss.backward();
    expect(p.grad?.at(0).item()).toBe(2 * scaler.getScale());
    if (i % 2 === 0) {
      scaler.unscale_(optimizer);
      expect(p.grad?.tolist()).toEqual([2, 2]);
    }
    expect(scaler.step(optimizer)).toBeNull();
    scaler.update();
    scales.push(scaler.getScale());
  }
  expect(p.tolist()).toEqual([-3, -3]);
  expect(scales).toEqual([8, 16, 16, 32]);
  expect(
    scaler
      .scale([torch.ones(1), [torch.ones(1)]])
      .flat()
      .map((t) => t.item()),
  ).toEqual([32, 32]);
});

test("leaves a step out whose gradients are not finite, and falls back", () => {
  const { p, optimizer } = parameter();
  const scaler = new GradScaler("cpu", 16, 4, 0.25, 3);
  for (const factor of [Infinity, Number.NaN]) {
    optimizer.zeroGrad();
    scaler.scale(p.mul(factor).sum()).backward();
    scaler.step(optimizer);
    scaler.update();
  }
  expect(p.tolist()).toEqual([1, 1]);
  expect(scaler.getScale()).toBe(1);
  scaler.update(64);
  expect(scaler.getScale()).toBe(64);
});

test("its state goes to Python and back", () => {
  const { p, optimizer } = parameter();
  const scaler = new GradScaler({ growthInterval: 5 });
  scaler.scale(p.sum()).backward();
  scaler.step(optimizer);
  scaler.update();
  const state = { scale: 65536, growth_factor: 2, backoff_factor: 0.5, growth_interval: 5, _growth_tracker: 1 };
  expect(scaler.stateDict()).toEqual(state);
  const other = new GradScaler();
  other.loadStateDict({ ...state, scale: 2 });
  expect([other.getScale(), other.getGrowthInterval()]).toEqual([2, 5]);
  expect(() => other.loadStateDict({})).toThrow("expected the state of an enabled GradScaler, got undefined as scale");
});

test("does nothing where it is not enabled", () => {
  const { p, optimizer } = parameter();
  const scaler = new GradScaler({ enabled: false });
  const loss = p.sum();
  expect(scaler.scale(loss)).toBe(loss);
  loss.backward();
  scaler.unscale_(optimizer);
  scaler.step(optimizer);
  scaler.update();
  expect(p.tolist()).toEqual([0.5, 0.5]);
  expect([scaler.getScale(), scaler.isEnabled(), scaler.stateDict()]).toEqual([1, false, {}]);
});

test("calls in the wrong order are refused", () => {
  const { p, optimizer } = parameter();
  const scaler = new GradScaler();
  expect(() => scaler.step(optimizer)).toThrow("expected gradients in the optimizer's parameters, got none");
  expect(() => new GradScaler().update()).toThrow("expected step() or unscale_() before update()");
  const fresh = new GradScaler();
  fresh.scale(p.sum()).backward();
  fresh.unscale_(optimizer);
  expect(() => fresh.unscale_(optimizer)).toThrow("unscale_() has already been called on this optimizer");
  fresh.step(optimizer);
  expect(() => fresh.step(optimizer)).toThrow("step() has already been called since the last update()");
  expect(() => fresh.unscale_(optimizer)).toThrow("unscale_() is being called after step()");
  fresh.update();
  const h = new nn.Parameter(torch.ones(1, { dtype: torch.float16 }));
  h.sum().backward();
  expect(() => fresh.unscale_(new torch.optim.SGD([h]))).toThrow("expected gradients of float32, got float16");
  expect(() => new GradScaler({ growthFactor: 1 })).toThrow("expected a growthFactor greater than 1, got 1");
  expect(() => new GradScaler({ backoffFactor: 1 })).toThrow("expected a backoffFactor less than 1, got 1");
  expect(() => new GradScaler({ device: "cuda" as never })).toThrow('expected "cpu" as device, got "cuda"');
});
