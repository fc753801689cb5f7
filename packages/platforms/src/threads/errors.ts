import { graphRefusal } from '../graph/errors.ts';
import type { PlatformErrorKind } from '../port/platform-error.ts';

/** By `code/subcode` or subcode. https://developers.facebook.com/docs/threads/troubleshooting, read 2026-11. */
export const threadsKinds: Readonly<Record<string, PlatformErrorKind>> = {
  '24/4279009': 'media_processing', // the container is not ready, was published or is gone: told alike
  4279071: 'content', // the topic tag
  2207004: 'content', // the image is too large
  2207005: 'content', // the image's format
  2207009: 'content', // the image's shape
  2207052: 'unavailable', // the media could not be fetched from its address
};

/** Of reading or removing a post: what is said of a container that is not ready is said of a post that is not there. */
export const threadsPostRefusal = graphRefusal('read', { ...threadsKinds, '24/4279009': 'not_found' });

/** What a container in error says where another container may do. The others are faults of the video. */
export const passingFaults: ReadonlySet<string> = new Set(['FAILED_DOWNLOADING_VIDEO', 'UNKNOWN']);
