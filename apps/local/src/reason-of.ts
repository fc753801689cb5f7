/** A failure and what led to it, in one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A connection refused at several addresses has its reasons in `errors` and no message of its own.
  const own = error instanceof AggregateError ? error.errors.map(reasonOf).join(', ') : error.message;
  return error.cause === undefined ? own : `${own} (${reasonOf(error.cause)})`;
}
