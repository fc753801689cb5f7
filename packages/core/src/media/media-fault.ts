import type { ErrorCode } from '@vibetribe/contracts/error-code';
import { MediaHelperError } from '@vibetribe/media/media-helper-error';
import { MediaRefusedError, type MediaRefusalCode } from '@vibetribe/media/media-refused-error';
import { MediaStoreError } from '@vibetribe/media/store/media-store';
import { DomainError, notFound } from '../domain-error.ts';

const codes: Readonly<Record<MediaRefusalCode, ErrorCode>> = {
  type_unknown: 'unsupported_media_type',
  unsupported: 'unsupported_media_type',
  too_large: 'payload_too_large',
  empty: 'validation_failed',
  malformed: 'validation_failed',
  second_format: 'validation_failed',
  too_many_pixels: 'validation_failed',
  too_many_frames: 'validation_failed',
  too_costly: 'validation_failed',
  aborted: 'malformed_request',
};

/** What a caller is told about a file that is not taken, or a store that does not answer; any other error comes back as it is. */
export function mediaFault(error: unknown): unknown {
  if (error instanceof MediaRefusedError) {
    return new DomainError(codes[error.code], error.message, {
      errors: [{ path: 'file', message: error.message }],
      cause: error,
    });
  }
  if (error instanceof MediaHelperError) {
    return new DomainError('unavailable', 'The file could not be looked into just now. Try again.', {
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  if (!(error instanceof MediaStoreError)) return error;
  if (error.kind === 'gone') return notFound('file');
  if (error.kind === 'full')
    return new DomainError('storage_full', 'The service has no room for files left.', { cause: error });
  return new DomainError('unavailable', 'The media store does not answer. Try again.', {
    retryAfterSeconds: 5,
    cause: error,
  });
}

/** Runs `work`; what it says about files becomes a refusal that the caller can act on. */
export async function tellingMediaFaults<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw mediaFault(error);
  }
}
