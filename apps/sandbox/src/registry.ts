import { bluesky } from './bluesky/index.ts';
import { discord } from './discord/index.ts';
import { facebook } from './facebook/index.ts';
import { googleBusiness } from './google-business/index.ts';
import { instagram } from './instagram/index.ts';
import { linkedin } from './linkedin/index.ts';
import { mastodon } from './mastodon/index.ts';
import { pinterest } from './pinterest/index.ts';
import type { PlatformDefinition } from './site.ts';
import { threads } from './threads/index.ts';
import { tiktok } from './tiktok/index.ts';
import { x } from './x/index.ts';
import { youtube } from './youtube/index.ts';

/** Every platform of the sandbox: a folder and a line. */
export const platforms: readonly PlatformDefinition[] = [
  bluesky,
  discord,
  facebook,
  googleBusiness,
  instagram,
  linkedin,
  mastodon,
  pinterest,
  threads,
  tiktok,
  x,
  youtube,
];
