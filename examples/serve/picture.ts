/** @file From the body of a request to pixels, and from probabilities to what is answered. */
import { HttpError } from "./answer.ts";
import { CLASSES, PIXELS, SIDE } from "./model.ts";

/** The pixels in `{"image": …}`: rows of numbers from 0 (black) to 1 (white), or all of them in one list. */
export function pixelsOf(body: Uint8Array): readonly number[] {
  const image: unknown = (parsed(body) as { image?: unknown } | null)?.image;
  if (!Array.isArray(image))
    throw new HttpError(400, `image: expected ${SIDE} rows of ${SIDE} numbers, got ${kindOf(image)}`);
  const pixels = ([] as unknown[]).concat(...image); // V8's flat() would take longer than all else here, JSON.parse included
  if (pixels.length !== PIXELS)
    throw new HttpError(400, `image: expected ${SIDE} rows of ${SIDE} numbers, got ${pixels.length} numbers`);
  const wrong = pixels.findIndex((pixel) => typeof pixel !== "number" || !(pixel >= 0 && pixel <= 1));
  if (wrong >= 0)
    throw new HttpError(
      400,
      `image: expected numbers from 0 to 1, got ${JSON.stringify(pixels[wrong])} as pixel ${wrong}`,
    );
  return pixels as readonly number[];
}

export function prediction(probabilities: readonly number[]): unknown {
  const best = probabilities.indexOf(Math.max(...probabilities));
  return {
    class: CLASSES[best],
    probabilities: Object.fromEntries(CLASSES.map((name, i) => [name, probabilities[i]])),
  };
}

const utf8 = new TextDecoder();

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch (cause) {
    throw new HttpError(
      400,
      `expected JSON such as {"image": [[0, 0.5, …], …]}, got a ${(cause as Error).name}: ${(cause as Error).message}`,
    );
  }
}

const kindOf = (x: unknown): string => (x === null ? "null" : x === undefined ? "nothing" : typeof x);
