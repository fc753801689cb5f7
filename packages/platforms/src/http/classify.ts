import type { StepEffect } from '../port/publish.ts';
import { PlatformError } from '../port/platform-error.ts';
import { TransportError, type PlatformResponse } from '../port/platform-http.ts';
import { retryAfterMsOf } from './retry-after.ts';

/** Silence in the terms decisions are made in. Anything but a `TransportError` is a bug and comes back as it is. */
export function classifySilence(error: unknown, platformName: string, effect: StepEffect): unknown {
  if (!(error instanceof TransportError)) return error;
  const details = { platformCode: error.code, cause: error };
  if (error.sent === 'no')
    return new PlatformError('network', `${platformName} could not be reached (${error.code})`, details);
  return effect === 'once'
    ? new PlatformError('ambiguous', `${platformName} did not say whether it took the request (${error.code})`, details)
    : new PlatformError('network', `${platformName} gave no answer (${error.code})`, details);
}

/**
 * An answer that settles nothing: 5xx and 408 (the work may have been done before the answer was lost), a redirect, or a
 * success that cannot be read. Undefined for an answer that does settle it.
 */
export function classifyDoubt(
  response: PlatformResponse,
  platformName: string,
  effect: StepEffect,
): PlatformError | undefined {
  if (isRefusal(response.status)) return undefined;
  const details = { platformCode: `http_${response.status}`, retryAfterMs: retryAfterMsOf(response) };
  const what = response.status < 300 ? 'gave an answer that cannot be read' : `answered ${response.status}`;
  return effect === 'once'
    ? new PlatformError('ambiguous', `${platformName} ${what}: the request may have been carried out`, details)
    : new PlatformError('unavailable', `${platformName} ${what}`, details);
}

/** A 4xx is the platform's word that it did nothing; 408 and 425 come from servers in front of it that cannot know. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425;
}
