import { z } from 'zod';
import { foreignId } from '../answer-fields.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { PlatformError } from '../platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { callFacebook } from './api.ts';
import { callOf, draftStep, facebookPostUrl, readState } from './publish-feed.ts';
import { StartedVideo, videoStep } from './publish-video.ts';
import { placeOf, readVideo, stateOf } from './video-state.ts';

/** What stands for the post was there before it was sent: the draft or the video is asked for by its id. */
export async function reconcileFacebook(query: ReconcileQuery): Promise<ReconcileFinding> {
  const videos = resultsOf(query, (name) => name.endsWith(`: ${videoStep}`)).flatMap(
    (result) => StartedVideo.safeParse(result).data ?? [],
  );
  if (videos.length > 0)
    return findVideo(
      query,
      videos.map(({ videoId }) => videoId),
    );
  const drafts = resultsOf(query, (name) => name.startsWith(`${draftStep} (`)).flatMap((result) =>
    typeof result === 'string' ? [result] : [],
  );
  return findDraft(query, drafts);
}

function resultsOf({ results }: ReconcileQuery, isOurs: (name: string) => boolean) {
  return Object.entries(results).flatMap(([name, result]) => (isOurs(name) ? [result] : []));
}

async function findVideo(query: ReconcileQuery, ids: readonly string[]): Promise<ReconcileFinding> {
  for (const id of ids) {
    const video = await readVideo(query, query.http, id).catch(goneIsNull);
    if (video === null) continue;
    const state = stateOf(video);
    if (state === 'shown') return { kind: 'found', ...placeOf(video, id), evidence: `video ${id} is published` };
    if (state === 'working') return { kind: 'inconclusive', evidence: `Facebook is still working on video ${id}` };
  }
  return { kind: 'not_seen', evidence: `none of the videos ${ids.join(', ')} is published` };
}

async function findDraft(query: ReconcileQuery, drafts: readonly string[]): Promise<ReconcileFinding> {
  let isGone = drafts.length === 0;
  for (const id of drafts) {
    const state = await readState(query, id).catch(goneIsNull);
    if (state === null) isGone = true;
    else if (state.is_published === true) {
      const url = state.permalink_url ?? facebookPostUrl(id);
      return { kind: 'found', platformPostId: id, url, evidence: `post ${id} is published` };
    }
  }
  // A draft is dropped only where the post had to be made in one step: that one has another id.
  if (isGone) return findByContent(query);
  return { kind: 'not_seen', evidence: `post ${drafts.join(', ')} is there and not published` };
}

const Post = z.object({
  id: foreignId(),
  message: z.string().optional(),
  created_time: z.string(),
  permalink_url: z.string().optional().catch(undefined),
});

const pageSize = '50';
const pagesMax = 5;
/** Between our clock and Facebook's. */
const clockSkewMs = 60_000;

async function findByContent(query: ReconcileQuery): Promise<ReconcileFinding> {
  const sinceMs = query.intent.startedAt.getTime() - clockSkewMs;
  const timeOf = ({ created_time: time }: z.infer<typeof Post>) => Date.parse(time.replace(/\+0000$/u, 'Z'));
  const { rows, isComplete } = await readPages(
    (after) =>
      callFacebook({
        ...callOf(query, query.http),
        method: 'GET',
        path: `/${encodeURIComponent(query.account.externalId)}/published_posts`,
        query: { fields: 'id,message,created_time,permalink_url', limit: pageSize, after },
        effect: 'read',
        answer: listOf(Post),
      }),
    { pagesMax, isEnough: (posts) => posts.some((post) => timeOf(post) < sinceMs) },
  );
  const since = rows.filter((post) => timeOf(post) >= sinceMs);
  const match = since
    .filter(({ id, message = '' }) => !query.takenPostIds.has(id) && message.trim() === query.content.text.trim())
    .at(-1);
  if (match !== undefined) {
    const url = match.permalink_url ?? facebookPostUrl(match.id);
    return { kind: 'found', platformPostId: match.id, url, evidence: `post ${match.id} has these words` };
  }
  if (!isComplete) return { kind: 'cannot_tell', evidence: `more than ${rows.length} posts were made since` };
  return { kind: 'not_seen', evidence: `none of ${since.length} posts since is this one` };
}

function goneIsNull(error: unknown): null {
  if (error instanceof PlatformError && error.kind === 'not_found') return null;
  throw error;
}
