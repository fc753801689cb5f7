import type { Comments } from '../graph/comments.ts';
import type { Admission } from './admit.ts';
import type { Containers } from './containers.ts';
import type { MediaPosts } from './posts.ts';
import type { Tokens } from './tokens.ts';

/** What the routes of this site work on. */
export type InstagramParts = {
  tokens: Tokens;
  admission: Admission;
  containers: Containers;
  posts: MediaPosts;
  comments: Comments;
};
