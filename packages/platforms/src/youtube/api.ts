import type { TokenAccess } from '../connect/token-access.ts';
import { apiOf, hostOf } from '../http/configured.ts';
import { callGoogle, type GoogleCall } from '../google/call-google.ts';
import type { KindsByReason } from '../google/errors.ts';

export const youTubeName = 'YouTube';

/** https://developers.google.com/youtube/v3/docs/errors, read 2026-11. */
export const youTubeKinds: KindsByReason = {
  youtubeSignupRequired: 'permission',
  uploadLimitExceeded: 'quota',
  commentsDisabled: 'content',
  processingFailure: 'unavailable',
};

export interface YouTubeCall<Answer>
  extends TokenAccess, Omit<GoogleCall<Answer>, 'platformName' | 'url' | 'kinds' | keyof TokenAccess> {
  /** `/youtube/v3/videos` */
  readonly path: string;
  /** The host of YouTube Analytics instead of the Data API's. */
  readonly host?: 'analytics';
}

export function callYouTube<Answer>({ endpoints, path, host, ...call }: YouTubeCall<Answer>): Promise<Answer> {
  const base = host === undefined ? apiOf(endpoints, youTubeName) : hostOf(endpoints, host, youTubeName);
  const url = `${base}${path}`;
  return callGoogle({ ...call, platformName: youTubeName, url, kinds: youTubeKinds });
}
