/** A start or stop that failed; the message is one sentence for the operator, with the server's own reason in it. */
export class PostgresServerError extends Error {
  override readonly name = 'PostgresServerError';
}
