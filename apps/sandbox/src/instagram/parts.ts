import type { LoginTokens } from '../graph/login-tokens.ts';
import type { Comments } from '../graph/comments.ts';
import type { Admission } from './admit.ts';
import type { Containers } from './containers.ts';
import type { MediaPosts } from './posts.ts';

/** What the routes of this site work on. */
export type InstagramParts = {
  tokens: LoginTokens;
  admission: Admission;
  containers: Containers;
  posts: MediaPosts;
  comments: Comments;
};
