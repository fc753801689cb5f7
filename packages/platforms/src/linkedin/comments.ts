import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { commentFinding } from '../answers/comment-finding.ts';
import { seenForm } from '../text/normal-form.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { CommentSupport } from '../port/adapter.ts';
import type { Published, ReplyRun } from '../port/publish.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { accessTo } from '../connect/token-access.ts';
import { callLinkedIn } from './api.ts';
import { countLinkedIn, linkedInCommentMax } from './text.ts';

const Comment = z
  .object({
    id: foreignId(),
    commentUrn: foreignId().optional().catch(undefined),
    actor: z.string().optional().catch(undefined),
    message: z
      .object({ text: z.string().default('') })
      .optional()
      .catch(undefined),
  })
  .transform(({ id, commentUrn, actor, message }) => ({ id: commentUrn ?? id, actor, text: message?.text ?? '' }));
const Comments = z.object({ elements: z.array(Comment) });

/** Comments of the author below its own post. https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/comments-api, read 2026-11. */
export const linkedInComments: CommentSupport = {
  text: { max: linkedInCommentMax, countedAs: 'characters', count: countLinkedIn },

  async publish(run: ReplyRun): Promise<Published> {
    const post = run.replyTo.root.platformPostId;
    const json = { actor: run.account.externalId, object: post, message: { text: run.content.text } };
    const id = await run.step({
      name: 'publish',
      effect: 'once',
      run: async ({ http }) => {
        const call = { ...accessTo(run, http), method: 'POST', path: commentsOf(post), json, effect: 'once' } as const;
        return (await callLinkedIn({ ...call, answer: Comment })).id;
      },
    });
    return { kind: 'published', platformPostId: id, url: null };
  },

  async reconcile(query: ReconcileQuery): Promise<ReconcileFinding> {
    const post = query.replyTo?.root.platformPostId;
    if (post === undefined) return { kind: 'cannot_tell', evidence: 'it is not known which post this comments on' };
    const listed = await readComments(query, post);
    if (listed === null)
      return { kind: 'cannot_tell', evidence: 'LinkedIn does not let this application read the comments.' };
    const { externalId } = query.account;
    const { elements, isComplete } = listed;
    const match = elements
      .filter(({ id, actor }) => !query.takenPostIds.has(id) && (actor ?? externalId) === externalId)
      .find(({ text }) => seenForm(text) === seenForm(query.content.text));
    return commentFinding({ match, seen: elements.length, isComplete }, 'post');
  },
};

const pageSize = 100;
const pagesMax = 10;

/** To an empty page. Null where they may not be read. */
async function readComments(query: ReconcileQuery, post: string) {
  try {
    const elements: z.infer<typeof Comment>[] = [];
    for (let page = 0; page < pagesMax; page += 1) {
      const answer = await callLinkedIn({
        ...accessTo(query),
        method: 'GET',
        path: commentsOf(post),
        query: { count: String(pageSize), start: String(page * pageSize) },
        effect: 'read',
        answer: Comments,
      });
      if (answer.elements.length === 0) return { elements, isComplete: true };
      elements.push(...answer.elements);
    }
    return { elements, isComplete: false };
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'permission') return null;
    throw error;
  }
}

function commentsOf(post: string): string {
  return `/rest/socialActions/${encodeURIComponent(post)}/comments`;
}
