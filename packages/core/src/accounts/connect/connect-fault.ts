import type { FieldFault } from '@vibetribe/contracts/error-code';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { DomainError } from '../../domain-error.ts';

/**
 * Why an account could not be connected, for whoever tried: `platform_rejected` where the platform said no, `platform_unavailable`
 * where it said nothing useful, `validation_failed` where it was not asked. Anything but a `PlatformError` is a bug and comes back as it is.
 * @param path the field that holds what was refused
 */
export function connectFault(error: unknown, path: string | null): unknown {
  if (!(error instanceof PlatformError)) return error;
  const { missingField, message } = error;
  if (missingField !== null) {
    const missing = [{ path: missingField, message }];
    return new DomainError('validation_failed', `The field ${missingField} is missing.`, {
      errors: missing,
      cause: error,
    });
  }
  const errors: FieldFault[] = path === null ? [] : [{ path, message: error.message }];
  if (isRefusal(error)) return new DomainError('platform_rejected', error.message, { errors, cause: error });
  const retryAfterSeconds = Math.ceil((error.retryAfterMs ?? 10_000) / 1_000);
  return new DomainError('platform_unavailable', error.message, { retryAfterSeconds, cause: error });
}

function isRefusal(error: PlatformError): boolean {
  switch (error.kind) {
    case 'auth_expired':
    case 'auth_revoked':
    case 'permission':
    case 'content':
    case 'policy':
    case 'duplicate':
    case 'not_found':
      return true;
    case 'network':
      // A server that we may not talk to will not become reachable by trying again.
      return error.platformCode === 'address_refused';
    case 'rate_limit':
    case 'quota':
    case 'media_processing':
    case 'unavailable':
    case 'ambiguous':
      return false;
  }
}
