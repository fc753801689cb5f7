import { z } from 'zod';
import type { Refusal } from '../http/call-platform.ts';
import { graphGrantRefusal } from '../graph/errors.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformResponse } from '../port/platform-http.ts';

/** By `code/subcode` or subcode. https://developers.facebook.com/docs/threads/troubleshooting, read 2026-11. */
export const threadsKinds: Readonly<Record<string, PlatformErrorKind>> = {
  '24/4279009': 'media_processing', // the container is not ready, was published or is gone: told alike
  4279071: 'content', // the topic tag
  2207004: 'content', // the image is too large
  2207005: 'content', // the image's format
  2207009: 'content', // the image's shape
  2207052: 'unavailable', // the media could not be fetched from its address
};

/** What a container in error says where another container may do. The others are faults of the video. */
export const passingFaults: ReadonlySet<string> = new Set(['FAILED_DOWNLOADING_VIDEO', 'UNKNOWN']);

const LoginError = z.object({ error_type: z.string(), code: z.int() });

/** The login answers in a shape of its own, in which a code that is not good and an unknown application look alike. */
export function loginRefusal(response: PlatformResponse): Refusal {
  const error = LoginError.safeParse(response.json).data;
  if (error === undefined) return graphGrantRefusal(response);
  return { kind: 'auth_revoked', platformCode: `login/${error.code}` };
}
