import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import type { PublishRun } from '../port/publish.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callTikTok } from './api.ts';
import { privacyLevels, type TikTokOptions } from './options.ts';

const name = z.string().optional().catch(undefined);
const off = z.boolean().default(false);
const Creator = z.object({
  creator_username: name,
  creator_nickname: name,
  privacy_level_options: z.array(z.string()).default([]),
  comment_disabled: off,
  duet_disabled: off,
  stitch_disabled: off,
  max_video_post_duration_sec: z.number().positive().optional().catch(undefined),
});
type Creator = z.infer<typeof Creator>;

function readCreator(call: TokenAccess): Promise<Creator> {
  const path = '/v2/post/publish/creator_info/query/';
  return callTikTok({ ...accessTo(call), method: 'POST', path, json: {}, effect: 'read', data: Creator });
}

const User = z.object({ user: z.object({ open_id: foreignId(), display_name: name }) });

/** Whose the token is. The name is told to applications that may post alone. */
export async function readUser(
  call: TokenAccess,
): Promise<Pick<AccountProfile, 'externalId' | 'handle' | 'displayName'>> {
  const ask = { ...accessTo(call), method: 'GET', path: '/v2/user/info/', effect: 'read' } as const;
  const { user } = await callTikTok({ ...ask, query: { fields: 'open_id,display_name' }, data: User });
  const creator = await readCreator(call).catch((error: unknown) => {
    if (error instanceof PlatformError && !error.kind.startsWith('auth_')) return null;
    throw error;
  });
  const displayName = user.display_name ?? creator?.creator_nickname ?? user.open_id;
  return { externalId: user.open_id, handle: creator?.creator_username ?? displayName, displayName };
}

export async function readTikTokAccount(call: AccountCall): Promise<AccountProfile> {
  return { ...(await readUser(call)), service: null };
}

/** What a post may be set to. */
const Settings = z.object({
  privacyLevels: z.array(z.enum(privacyLevels)),
  commentOff: z.boolean(),
  duetOff: z.boolean(),
  stitchOff: z.boolean(),
  durationMsMax: z.number().nullable(),
});
export type CreatorSettings = z.infer<typeof Settings>;

/** Asked for anew before each post, and again an hour later: creators change their settings. https://developers.tiktok.com/doc/content-posting-api-reference-query-creator-info, read 2026-11. */
export function creatorBeforePost(run: PublishRun): Promise<CreatorSettings> {
  return run.step({
    name: `creator ${run.now.toISOString().slice(0, 13)}`,
    effect: 'read',
    run: async ({ http }) => {
      const creator = await readCreator(accessTo(run, http));
      const seconds = creator.max_video_post_duration_sec;
      return {
        privacyLevels: privacyLevels.filter((level) => creator.privacy_level_options.includes(level)),
        commentOff: creator.comment_disabled,
        duetOff: creator.duet_disabled,
        stitchOff: creator.stitch_disabled,
        durationMsMax: seconds === undefined ? null : seconds * 1_000,
      };
    },
  });
}

/** Who sees it. @throws PlatformError `content` where the creator does not allow it */
export function privacyOf({ privacyLevel }: TikTokOptions, { privacyLevels: allowed }: CreatorSettings): string {
  const level = privacyLevel ?? allowed[0];
  if (level !== undefined && allowed.includes(level)) return level;
  const message = `The creator’s settings on TikTok allow ${allowed.join(', ') || 'no privacy level'}, not ${level ?? 'any'}`;
  throw new PlatformError('content', message, { platformCode: 'privacy_level_option_mismatch' });
}

/** @throws PlatformError `content` where the creator takes no videos as long as this */
export function requireDuration(durationMs: number | null, { durationMsMax }: CreatorSettings): void {
  if (durationMs === null || durationMsMax === null || durationMs <= durationMsMax) return;
  const message = `This creator may post videos of ${durationMsMax / 1_000} s on TikTok, not of ${Math.ceil(durationMs / 1_000)} s`;
  throw new PlatformError('content', message, { platformCode: 'duration_check_failed' });
}
