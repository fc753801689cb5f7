import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { commentFinding } from '../answers/comment-finding.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { seenForm } from '../text/normal-form.ts';
import type { CommentSupport } from '../port/adapter.ts';
import type { Published, ReplyRun } from '../port/publish.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { callFacebook } from './api.ts';
import { callOf } from './publish-feed.ts';
import { countFacebook, facebookCommentMax } from './text.ts';

const Created = z.object({ id: foreignId() });
const Comment = z.object({
  id: foreignId(),
  message: z.string().default(''),
  from: z.object({ id: z.string() }).optional().catch(undefined),
});

/** Comments of the page below its own post. https://developers.facebook.com/docs/pages-api/comments-mentions, read 2026-11. */
export const facebookComments: CommentSupport = {
  text: { max: facebookCommentMax, countedAs: 'characters', count: countFacebook },

  async publish(run: ReplyRun): Promise<Published> {
    const path = commentsOf(run.replyTo.root.platformPostId);
    const form = { message: run.content.text };
    const id = await run.step({
      name: 'publish',
      effect: 'once',
      run: async ({ http }) =>
        (await callFacebook({ ...callOf(run, http), method: 'POST', path, form, effect: 'once', answer: Created })).id,
    });
    return { kind: 'published', platformPostId: id, url: null };
  },

  async reconcile(query: ReconcileQuery): Promise<ReconcileFinding> {
    const post = query.replyTo?.root.platformPostId;
    if (post === undefined) return { kind: 'cannot_tell', evidence: 'it is not known which post this comments on' };
    const fields = { fields: 'id,message,from', filter: 'stream', order: 'reverse_chronological', limit: '100' };
    const { rows, isComplete } = await readPages(
      (after) =>
        callFacebook({
          ...callOf(query, query.http),
          method: 'GET',
          path: commentsOf(post),
          query: { ...fields, after },
          effect: 'read',
          answer: listOf(Comment),
        }),
      { pagesMax },
    );
    const { externalId } = query.account;
    const match = rows
      .filter(({ id, from }) => !query.takenPostIds.has(id) && (from?.id ?? externalId) === externalId)
      .findLast(({ message }) => seenForm(message) === seenForm(query.content.text));
    return commentFinding({ match, seen: rows.length, isComplete }, 'post');
  },
};

const pagesMax = 10;

function commentsOf(post: string): string {
  return `/${encodeURIComponent(post)}/comments`;
}
