import { AddressRefusedError } from '@vibetribe/security/address-refused-error';

/** Why nothing usable came from an address, in words that end a sentence about it. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
}

/** Short, and without what the network looks like from here: whoever wrote the post reads it. */
export function whyUnread(error: unknown, signal: AbortSignal): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof FetchError) return cause.message;
    if (cause instanceof AddressRefusedError)
      return cause.reason === 'not_https' ? 'it is not encrypted' : 'its address leads to none that is public';
  }
  return signal.aborted ? 'it did not come in time' : 'it could not be reached';
}
