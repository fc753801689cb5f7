import type { Comments } from '../graph/comments.ts';
import type { Admission } from './admit.ts';
import type { People } from './people.ts';
import type { Photos } from './photos.ts';
import type { PagePosts } from './posts.ts';
import type { Tokens } from './tokens.ts';
import type { Videos } from './videos.ts';

/** What the routes of this site work on. */
export type FacebookParts = {
  people: People;
  tokens: Tokens;
  admission: Admission;
  posts: PagePosts;
  photos: Photos;
  videos: Videos;
  comments: Comments;
};
