export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: SerializedError | string;
  /** The parts of an `AggregateError`, the first five. */
  readonly errors?: readonly (SerializedError | string)[];
}

const causesMax = 5;
const partsMax = 5;
const queryCharactersMax = 500;

/**
 * What a log tells of an error: message, code, stack and causes. Whatever else hangs on it (the request, the row, the response body)
 * stays out: that is where secrets travel.
 */
export function serializeError(error: Error, causesLeft: number = causesMax): SerializedError {
  const { code } = error as { code?: unknown };
  const message = messageOf(error);
  const stack = error.stack?.replace(error.message, () => message);
  return {
    type: error.name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(error.cause === undefined || causesLeft === 0 ? {} : { cause: serializePart(error.cause, causesLeft - 1) }),
    ...(error instanceof AggregateError && causesLeft > 0
      ? { errors: error.errors.slice(0, partsMax).map((part: unknown) => serializePart(part, causesLeft - 1)) }
      : {}),
  };
}

/** A failed statement puts its parameters into its message: password hashes and texts of posts among them. */
function messageOf(error: Error): string {
  const { query, params } = error as { query?: unknown; params?: unknown };
  if (typeof query !== 'string' || params === undefined) return error.message;
  return `Failed query: ${query.slice(0, queryCharactersMax)}`;
}

/** Anything can be thrown; what is not an error is only named by its type. */
function serializePart(part: unknown, causesLeft: number): SerializedError | string {
  return part instanceof Error ? serializeError(part, causesLeft) : `[${typeof part}]`;
}
