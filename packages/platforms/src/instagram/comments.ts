import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { graphComments } from '../graph/comments.ts';
import type { AdapterAccount } from '../port/account.ts';
import { callInstagram } from './api.ts';
import { callOf } from './container.ts';
import { countInstagram, instagramCommentMax } from './text.ts';

const Comment = z
  .object({
    id: foreignNumericId(),
    text: z.string().default(''),
    username: z.string().optional().catch(undefined),
  })
  .transform(({ id, text, username }) => ({
    id,
    words: text,
    isBy: ({ handle }: AdapterAccount) => (username ?? handle).toLowerCase() === handle.toLowerCase(),
  }));

/** https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/comments, read 2026-11. */
export const instagramComments = graphComments({
  text: { max: instagramCommentMax, countedAs: 'characters', count: countInstagram },
  ask: (call, http, request) => callInstagram({ ...callOf(call, http), ...request }),
  created: z.object({ id: foreignNumericId() }),
  comment: Comment,
  query: { fields: 'id,text,username', limit: '50' },
});
