/** @file A number on the main diagonal. */
import { ShapeError } from "../core/errors.ts";
import type { Scalar } from "../core/scalar.ts";
import { shapeText } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { checkTensor, type Named, named } from "./params.ts";

interface FillDiagonalOptions {
  fillValue: Scalar;
  /** Whether the diagonal of a tall matrix begins anew below the square. */
  wrap?: boolean;
}

/**
 * Writes a number on the main diagonal: where all indices are equal. PyTorch: `Tensor.fill_diagonal_`.
 *
 * @param input - at least two dimensions, of one size if there are more
 * @param args - `fillValue`; `wrap` (false): whether the diagonal of a tall matrix begins anew below the square, a row apart
 * @throws ShapeError for fewer dimensions, or more than two of different sizes
 * @example
 * torch.zeros(2, 3).fillDiagonal_(5) // tensor([[5., 0., 0.],
 *                                    //         [0., 5., 0.]])
 */
export function fillDiagonal_(
  input: Tensor,
  ...args: Named<[fillValue: Scalar, wrap: boolean], ["fillValue", "wrap"], FillDiagonalOptions>
): Tensor {
  const { fillValue, wrap = false } = named<FillDiagonalOptions>("fillDiagonal_", ["fillValue", "wrap"], 1, args);
  checkTensor("fillDiagonal_", input);
  const { shape } = input;
  if (shape.length < 2 || (shape.length > 2 && shape.some((n) => n !== shape[0])))
    throw new ShapeError(
      `fillDiagonal_: expected a matrix, or more dimensions of one size, got shape ${shapeText(shape)}`,
    );
  const step = input.layout.strides.reduce((a, b) => a + b, 0);
  const [rows, columns] = shape as readonly [number, number];
  const below = wrap && shape.length === 2 ? columns + 1 : Number.POSITIVE_INFINITY;
  for (let row = 0; row < rows && columns > 0; row += below) {
    const square = row === 0 ? input : input.narrow(0, row, rows - row);
    const n = Math.min(...square.shape);
    square.asStrided([n], [step]).fill_(fillValue);
  }
  return input;
}
