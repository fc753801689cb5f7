import { z } from 'zod';
import { foreignNumericId } from '../answers/answer-fields.ts';
import { commentFinding } from '../answers/comment-finding.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { seenForm } from '../text/normal-form.ts';
import type { CommentSupport } from '../port/adapter.ts';
import { callInstagram } from './api.ts';
import { callOf } from './container.ts';
import { countInstagram, instagramCommentMax } from './text.ts';

const Created = z.object({ id: foreignNumericId() });
const Comment = z.object({
  id: foreignNumericId(),
  text: z.string().default(''),
  username: z.string().optional().catch(undefined),
});

/** Comments of the account below its own post. https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/comments, read 2026-11. */
export const instagramComments: CommentSupport = {
  text: { max: instagramCommentMax, countedAs: 'characters', count: countInstagram },

  async publish(run) {
    const path = commentsOf(run.replyTo.root.platformPostId);
    const form = { message: run.content.text };
    const id = await run.step({
      name: 'publish',
      effect: 'once',
      run: async ({ http }) =>
        (await callInstagram({ ...callOf(run, http), method: 'POST', path, form, effect: 'once', answer: Created })).id,
    });
    return { kind: 'published', platformPostId: id, url: null };
  },

  async reconcile(query) {
    const post = query.replyTo?.root.platformPostId;
    if (post === undefined) return { kind: 'cannot_tell', evidence: 'it is not known which post this comments on' };
    const { rows, isComplete } = await readPages(
      (after) =>
        callInstagram({
          ...callOf(query, query.http),
          method: 'GET',
          path: commentsOf(post),
          query: { fields: 'id,text,username', limit: '50', after },
          effect: 'read',
          answer: listOf(Comment),
        }),
      { pagesMax },
    );
    const { handle } = query.account;
    const match = rows
      .filter(
        ({ id, username }) =>
          !query.takenPostIds.has(id) && (username ?? handle).toLowerCase() === handle.toLowerCase(),
      )
      .findLast(({ text }) => seenForm(text) === seenForm(query.content.text));
    return commentFinding({ match, seen: rows.length, isComplete }, 'post');
  },
};

const pagesMax = 10;

function commentsOf(post: string): string {
  return `/${encodeURIComponent(post)}/comments`;
}
