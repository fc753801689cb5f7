import type { ErrorCode, FieldFault } from '@vibetribe/contracts/error-code';
import { boundedFaults, shortened } from '@vibetribe/contracts/fault-bounds';

/** Some messages quote what a platform said. */
const messageCharactersMax = 1_000;

/**
 * A refusal that the caller can understand and act on; the API turns it into a problem document. `message` is
 * shown to the caller. However much was wrong, what it says stays short.
 */
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
    super(shortened(message, messageCharactersMax), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errors = boundedFaults(details.errors ?? []);
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }
}

/** The same answer for what does not exist and for what belongs to another organization. */
export function notFound(what: string): DomainError {
  return new DomainError('not_found', `There is no such ${what}.`);
}
