import type { Admission } from './admit.ts';
import type { Assets } from './assets.ts';
import type { Comments } from './comments.ts';
import type { Members } from './members.ts';
import type { LinkedInPosts } from './posts.ts';
import type { Tokens } from './tokens.ts';

/** What the routes of this site work on. */
export type LinkedInParts = {
  members: Members;
  tokens: Tokens;
  admission: Admission;
  assets: Assets;
  posts: LinkedInPosts;
  comments: Comments;
};
