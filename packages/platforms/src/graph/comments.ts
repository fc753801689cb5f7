import type { z } from 'zod';
import { commentFinding } from '../answers/comment-finding.ts';
import { seenForm } from '../text/normal-form.ts';
import type { AccountCall, AdapterAccount } from '../port/account.ts';
import type { CommentSupport } from '../port/adapter.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { GraphCall } from './call-graph.ts';
import { listOf, readPages } from './read-pages.ts';

interface Comment {
  readonly id: string;
  /** What it says. */
  readonly words: string;
  readonly isBy: (account: AdapterAccount) => boolean;
}

export interface CommentSource {
  readonly text: CommentSupport['text'];
  readonly ask: <Answer>(
    call: AccountCall,
    http: PlatformHttp,
    request: Pick<GraphCall<Answer>, 'method' | 'query' | 'form' | 'effect' | 'answer'> & { readonly path: string },
  ) => Promise<Answer>;
  readonly created: z.ZodType<{ readonly id: string }>;
  readonly comment: z.ZodType<Comment>;
  /** Of a list, the newest first. */
  readonly query: Readonly<Record<string, string>>;
}

const pagesMax = 10;

/** Comments of an account below its own post. */
export function graphComments({ text, ask, created, comment, query }: CommentSource): CommentSupport {
  return {
    text,

    async publish(run) {
      const path = commentsOf(run.replyTo.root.platformPostId);
      const form = { message: run.content.text };
      const request = { method: 'POST', path, form, effect: 'once', answer: created } as const;
      const platformPostId = await run.step({
        name: 'publish',
        effect: 'once',
        run: async ({ http }) => (await ask(run, http, request)).id,
      });
      return { kind: 'published', platformPostId, url: null };
    },

    async reconcile(wanted) {
      const post = wanted.replyTo?.root.platformPostId;
      if (post === undefined) return { kind: 'cannot_tell', evidence: 'it is not known which post this comments on' };
      const request = { method: 'GET', path: commentsOf(post), effect: 'read', answer: listOf(comment) } as const;
      const { rows, isComplete } = await readPages(
        (after) => ask(wanted, wanted.http, { ...request, query: { ...query, after } }),
        { pagesMax },
      );
      const match = rows
        .filter(({ id, isBy }) => !wanted.takenPostIds.has(id) && isBy(wanted.account))
        .findLast(({ words }) => seenForm(words) === seenForm(wanted.content.text));
      return commentFinding({ match, seen: rows.length, isComplete }, 'post');
    },
  };
}

function commentsOf(post: string): string {
  return `/${encodeURIComponent(post)}/comments`;
}
