/** Tensors and gradient checks that the tests of ops share. */
import * as torch from "typetorch";

/** Distinct float64 numbers without pattern: the same for the same shape. */
export function numbers(...shape: number[]): torch.Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return torch
    .tensor(
      Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1) * 2),
      { dtype: torch.float64 },
    )
    .reshape(shape);
}

export function leaf(...shape: number[]): torch.Tensor {
  return numbers(...shape).requiresGrad_();
}

export function ints(data: number | number[] | number[][]): torch.Tensor {
  return torch.tensor(data, { dtype: torch.int64 });
}

/** First and second derivatives against differences. */
export function checkGradients(
  f: (...xs: torch.Tensor[]) => torch.Tensor | readonly torch.Tensor[],
  ...inputs: torch.Tensor[]
): boolean {
  const call = (...xs: torch.Tensor[]) => {
    const out = f(...xs);
    return out instanceof torch.Tensor ? out : out.filter((t) => t.dtype.isFloatingPoint);
  };
  return torch.autograd.gradcheck(call as never, inputs) && torch.autograd.gradgradcheck(call as never, inputs);
}
