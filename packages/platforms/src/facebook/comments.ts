import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { graphComments } from '../graph/comments.ts';
import type { AdapterAccount } from '../port/account.ts';
import { callFacebook } from './api.ts';
import { callOf } from './publish-feed.ts';
import { countFacebook, facebookCommentMax } from './text.ts';

const Comment = z
  .object({
    id: foreignId(),
    message: z.string().default(''),
    from: z.object({ id: z.string() }).optional().catch(undefined),
  })
  .transform(({ id, message, from }) => ({
    id,
    words: message,
    isBy: ({ externalId }: AdapterAccount) => (from?.id ?? externalId) === externalId,
  }));

/** https://developers.facebook.com/docs/pages-api/comments-mentions, read 2026-11. */
export const facebookComments = graphComments({
  text: { max: facebookCommentMax, countedAs: 'characters', count: countFacebook },
  ask: (call, http, request) => callFacebook({ ...callOf(call, http), ...request }),
  created: z.object({ id: foreignId() }),
  comment: Comment,
  query: { fields: 'id,message,from', filter: 'stream', order: 'reverse_chronological', limit: '100' },
});
