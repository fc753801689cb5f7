import type { PlatformErrorKind } from '../port/platform-error.ts';

/** By subcode. https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes, read 2026-11. */
export const instagramKinds: Readonly<Record<string, PlatformErrorKind>> = {
  2207001: 'unavailable', // a fault of the server
  2207003: 'unavailable', // fetching the media took too long
  2207004: 'content', // the image is too large
  2207005: 'content', // the image's format
  2207006: 'not_found',
  2207008: 'media_processing', // the container is not found, for a moment as they say
  2207009: 'content', // the aspect ratio
  2207010: 'content', // the caption is too long
  2207020: 'unavailable', // the container has expired
  2207023: 'content', // the media type
  2207026: 'content', // the video's format
  2207027: 'media_processing', // the container is not ready
  2207028: 'content', // how many items a carousel has
  2207032: 'unavailable', // the container could not be made
  2207035: 'content', // tags
  2207036: 'content',
  2207037: 'content',
  2207040: 'content',
  2207042: 'quota', // posts in 24 hours
  2207050: 'policy', // the account is restricted
  2207051: 'policy', // taken for spam
  2207052: 'unavailable', // the media could not be fetched from its address
  2207053: 'unavailable', // an upload went wrong
  2207057: 'content', // the offset of the cover
};

/** Codes of a container in error after which another container may do. */
export const passingFaults: ReadonlySet<string> = new Set([
  '2207001',
  '2207003',
  '2207020',
  '2207032',
  '2207052',
  '2207053',
]);
