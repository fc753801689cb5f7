import type { Refusal } from '../http/call-platform.ts';
import type { PlatformResponse } from '../port/platform-http.ts';

/** What a refusal of a request to the account's own place means: what is not found there is the account. */
export function accountNotFound(
  refusalOf: (response: PlatformResponse) => Refusal,
  what = 'is gone, or is kept from this application',
): (response: PlatformResponse) => Refusal {
  return (response) => {
    const refusal = refusalOf(response);
    return refusal.kind === 'not_found' ? { ...refusal, accountGone: what } : refusal;
  };
}
