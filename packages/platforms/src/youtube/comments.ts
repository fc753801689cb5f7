import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { commentFinding } from '../answers/comment-finding.ts';
import { seenForm } from '../text/normal-form.ts';
import type { CommentSupport } from '../port/adapter.ts';
import type { Published, ReplyRun } from '../port/publish.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { accessTo } from '../connect/token-access.ts';
import { callYouTube } from './api.ts';
import { commentCharactersMax } from './text.ts';

const path = '/youtube/v3/commentThreads';
const text = z.string().optional().catch(undefined);
const Thread = z.object({
  id: foreignId(),
  snippet: z
    .object({
      topLevelComment: z.object({
        snippet: z.object({
          textOriginal: text,
          textDisplay: text,
          authorChannelId: z.object({ value: z.string() }).optional().catch(undefined),
        }),
      }),
    })
    .optional()
    .catch(undefined),
});
const Threads = z.object({ items: z.array(Thread).default([]), nextPageToken: z.string().max(1_000).optional() });
const pagesMax = 10;

/** Comments of the channel below its own video. https://developers.google.com/youtube/v3/docs/commentThreads, read 2026-11. */
export const youTubeComments: CommentSupport = {
  text: { max: commentCharactersMax, countedAs: 'characters', count: (given) => given.length },

  async publish(run: ReplyRun): Promise<Published> {
    const videoId = run.replyTo.root.platformPostId;
    const topLevelComment = { snippet: { textOriginal: run.content.text } };
    const id = await run.step({
      name: 'publish',
      effect: 'once',
      run: async ({ http }) => {
        const json = { snippet: { videoId, topLevelComment } };
        const call = { ...accessTo(run, http), method: 'POST', path, query: { part: 'snippet' }, json } as const;
        return (await callYouTube({ ...call, effect: 'once', answer: Thread })).id;
      },
    });
    return { kind: 'published', platformPostId: id, url: `https://www.youtube.com/watch?v=${videoId}&lc=${id}` };
  },

  async reconcile(query: ReconcileQuery): Promise<ReconcileFinding> {
    const videoId = query.replyTo?.root.platformPostId;
    if (videoId === undefined) return { kind: 'cannot_tell', evidence: 'it is not known which video this comments on' };
    const { items, isComplete } = await readComments(query, videoId);
    const match = items.findLast(({ id, snippet }) => {
      const { textOriginal, textDisplay, authorChannelId } = snippet?.topLevelComment.snippet ?? {};
      const isOurs = (authorChannelId?.value ?? query.account.externalId) === query.account.externalId;
      const words = seenForm(textOriginal ?? textDisplay ?? '');
      return isOurs && !query.takenPostIds.has(id) && words === seenForm(query.content.text);
    });
    return commentFinding({ match, seen: items.length, isComplete }, 'video');
  },
};

/** Newest first, to the end of the list. */
async function readComments(query: ReconcileQuery, videoId: string) {
  const items: z.infer<typeof Thread>[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await callYouTube({
      ...accessTo(query),
      method: 'GET',
      path,
      query: { part: 'snippet', videoId, order: 'time', textFormat: 'plainText', maxResults: '100', pageToken },
      effect: 'read',
      answer: Threads,
    });
    items.push(...answer.items);
    pageToken = answer.nextPageToken;
    if (pageToken === undefined) return { items, isComplete: true };
  }
  return { items, isComplete: false };
}
