import type { Admission } from './admit.ts';
import type { Containers } from './containers.ts';
import type { ThreadsPosts } from './posts.ts';
import type { Tokens } from './tokens.ts';

/** What the routes of this site work on. */
export type ThreadsParts = {
  tokens: Tokens;
  admission: Admission;
  containers: Containers;
  posts: ThreadsPosts;
};
