import type { Together } from '../google/together.ts';
import type { Tokens } from '../google/tokens.ts';
import type { Admission } from './admit.ts';
import type { Comments } from './comments.ts';
import type { Playlists } from './playlists.ts';
import type { Uploads } from './uploads.ts';
import type { Videos } from './videos.ts';

/** What the routes of this site work on. */
export type YouTubeParts = {
  tokens: Tokens;
  channels: Together;
  admission: Admission;
  uploads: Uploads;
  videos: Videos;
  playlists: Playlists;
  comments: Comments;
};
