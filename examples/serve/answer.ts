/** @file What is answered, as the workers make it and the server sends it. */

export interface Answer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Thrown where there is no success: a status, and a sentence for the client. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export const success = (value: unknown): Answer => ({ status: 200, body: `${JSON.stringify(value)}\n`, headers: {} });

/** An error of ours goes to the log; the client hears of its own only. */
export function failure(error: unknown): Answer {
  if (!(error instanceof HttpError)) {
    console.error(error);
    return failure(new HttpError(500, "the prediction failed"));
  }
  const { status, message, headers } = error;
  return { status, body: `${JSON.stringify({ error: { status, message } })}\n`, headers };
}
