import type { LoginTokens } from '../graph/login-tokens.ts';
import type { Admission } from './admit.ts';
import type { Containers } from './containers.ts';
import type { ThreadsPosts } from './posts.ts';

/** What the routes of this site work on. */
export type ThreadsParts = {
  tokens: LoginTokens;
  admission: Admission;
  containers: Containers;
  posts: ThreadsPosts;
};
