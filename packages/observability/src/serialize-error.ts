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

/**
 * What a log tells of an error: message, code, stack and causes. Whatever else hangs on it (the request, the row, the response body)
 * stays out: that is where secrets travel.
 */
export function serializeError(error: Error, causesLeft: number = causesMax): SerializedError {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || causesLeft === 0 ? {} : { cause: serializePart(error.cause, causesLeft - 1) }),
    ...(error instanceof AggregateError && causesLeft > 0
      ? { errors: error.errors.slice(0, partsMax).map((part: unknown) => serializePart(part, causesLeft - 1)) }
      : {}),
  };
}

/** Anything can be thrown; what is not an error is only named by its type. */
function serializePart(part: unknown, causesLeft: number): SerializedError | string {
  return part instanceof Error ? serializeError(part, causesLeft) : `[${typeof part}]`;
}
