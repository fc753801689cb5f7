import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { PlatformAdapter } from './port/adapter.ts';
import { bluesky } from './bluesky/index.ts';
import { discord } from './discord/index.ts';
import { facebook } from './facebook/index.ts';
import { googleBusiness } from './google-business/index.ts';
import { instagram } from './instagram/index.ts';
import { linkedin } from './linkedin/index.ts';
import { mastodon } from './mastodon/index.ts';
import { pinterest } from './pinterest/index.ts';
import { threads } from './threads/index.ts';
import { tiktok } from './tiktok/index.ts';
import { withCleanAnswers } from './answers/with-clean-answers.ts';
import { x } from './x/index.ts';
import { youtube } from './youtube/index.ts';

/** Every platform, one line each. */
export const adapters: Readonly<Record<PlatformId, PlatformAdapter>> = {
  bluesky: withCleanAnswers(bluesky),
  discord: withCleanAnswers(discord),
  facebook: withCleanAnswers(facebook),
  'google-business': withCleanAnswers(googleBusiness),
  instagram: withCleanAnswers(instagram),
  linkedin: withCleanAnswers(linkedin),
  mastodon: withCleanAnswers(mastodon),
  pinterest: withCleanAnswers(pinterest),
  threads: withCleanAnswers(threads),
  tiktok: withCleanAnswers(tiktok),
  x: withCleanAnswers(x),
  youtube: withCleanAnswers(youtube),
};
