import { isConnectionLossCode } from '@vibetribe/resilience/connection-loss';

/** A failure of Redis or PostgreSQL under the queue, told without credentials. */
export class QueueStoreError extends Error {
  override readonly name = 'QueueStoreError';
  /** The system's or the server's code, such as ECONNREFUSED or 57P03, where there is one. */
  readonly code: string | null;

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: withoutCommand(options.cause) });
    this.code = codeOf(options.cause);
  }
}

/** What may be logged of a store's error. */
export function describeStoreError(error: unknown): { code: string | null; error: string } {
  return { code: codeOf(error), error: error instanceof Error ? error.message || error.name : 'unknown' };
}

/** True when the server or the way to it was lost, so that the same statement may succeed later. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  // pg reports a connection that ended under a statement as a plain Error without any code.
  return code === null ? error.constructor === Error : isConnectionLossCode(code);
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** ioredis hangs the failed command on its errors, and that of a refused login holds the password. */
function withoutCommand(error: unknown): unknown {
  if (error instanceof Error && 'command' in error) delete error.command;
  return error;
}
