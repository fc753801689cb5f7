import type { Account } from '../state/accounts.ts';
import { durationSecondsMax } from './limits.ts';

export const privacyLevels = [
  'PUBLIC_TO_EVERYONE',
  'MUTUAL_FOLLOW_FRIENDS',
  'FOLLOWER_OF_CREATOR',
  'SELF_ONLY',
] as const;
export type PrivacyLevel = (typeof privacyLevels)[number];

/** What a creator has set. One whose handle begins with `private` shows nothing to everyone and takes no comments. */
export function creatorInfo({ handle, displayName }: Account) {
  const isPrivate = handle.startsWith('private');
  return {
    creator_avatar_url: 'https://p16-sign.tiktokcdn.com/none.webp',
    creator_username: handle,
    creator_nickname: displayName,
    privacy_level_options: isPrivate
      ? (['FOLLOWER_OF_CREATOR', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'] satisfies PrivacyLevel[])
      : (['PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'] satisfies PrivacyLevel[]),
    comment_disabled: isPrivate,
    duet_disabled: isPrivate,
    stitch_disabled: isPrivate,
    max_video_post_duration_sec: durationSecondsMax,
  };
}
