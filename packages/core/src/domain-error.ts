import type { ErrorCode, FieldFault } from '@vibetribe/contracts/error-code';

/** A refusal that the caller can understand and act on; the API turns it into a problem document. `message` is shown to the caller. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly errors: readonly FieldFault[];
  readonly retryAfterSeconds: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    details: { errors?: readonly FieldFault[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errors = details.errors ?? [];
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

/** The same answer for what does not exist and for what belongs to another organization. */
export function notFound(what: string): DomainError {
  return new DomainError('not_found', `There is no such ${what}.`);
}
