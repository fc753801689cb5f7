import type { Admit } from './admit.ts';
import type { Publishes } from './publishes.ts';
import type { TikTokPosts } from './posts.ts';
import type { Tokens } from './tokens.ts';

/** What the routes of this site work on. */
export type TikTokParts = { tokens: Tokens; admit: Admit; posts: TikTokPosts; publishes: Publishes };
