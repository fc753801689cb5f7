import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { listOf, readPages } from '../graph/read-pages.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { seenForm } from '../text/normal-form.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { resembles } from '../text/resembles.ts';
import { callFacebook } from './api.ts';
import { callOf, Draft, draftStep, facebookPostUrl, readState } from './publish-feed.ts';
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
  const drafts = resultsOf(query, (name) => name.startsWith(`${draftStep} (`)).flatMap(
    (result) => Draft.safeParse(result).data ?? [],
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

async function findDraft(query: ReconcileQuery, drafts: readonly Draft[]): Promise<ReconcileFinding> {
  const ids = drafts.map(({ id }) => id);
  let isGone = drafts.length === 0;
  for (const id of ids) {
    const state = await readState(query, id).catch(goneIsNull);
    if (state === null) isGone = true;
    else if (state.is_published === true) {
      const url = state.permalink_url ?? facebookPostUrl(id);
      return { kind: 'found', platformPostId: id, url, evidence: `post ${id} is published` };
    }
  }
  // A draft is dropped only where the post had to be made in one step: that one has another id.
  if (isGone) return findByContent(query, new Set(drafts.flatMap(({ photos }) => photos)));
  return { kind: 'not_seen', evidence: `post ${ids.join(', ')} is there and not published` };
}

const Target = z
  .object({ id: z.string().optional().catch(undefined) })
  .optional()
  .catch(undefined);
const Shown = z.object({ target: Target });
const Attachments = z
  .object({
    data: z.array(
      Shown.extend({
        subattachments: z
          .object({ data: z.array(Shown) })
          .optional()
          .catch(undefined),
      }),
    ),
  })
  .optional()
  .catch(undefined);

const Post = z.object({
  id: foreignId(),
  message: z.string().optional(),
  created_time: z.string(),
  permalink_url: z.string().optional().catch(undefined),
  attachments: Attachments,
});
type Post = z.infer<typeof Post>;

const fields = 'id,message,created_time,permalink_url,attachments{target{id},subattachments{target{id}}}';

const pageSize = '50';
const pagesMax = 5;
/** Between what Facebook's answers say of its clock, and its clock. */
const clockSkewMs = 60_000;

/** @param photos what was uploaded for this post stands in no other one */
async function findByContent(asked: ReconcileQuery, photos: ReadonlySet<string>): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const sinceMs = () => clock.timeOf(query.intent.startedAt).getTime() - clockSkewMs;
  const timeOf = ({ created_time: time }: Post) => Date.parse(time.replace(/\+0000$/u, 'Z'));
  const { rows, isComplete } = await readPages(
    (after) =>
      callFacebook({
        ...callOf(query, query.http),
        method: 'GET',
        path: `/${encodeURIComponent(query.account.externalId)}/published_posts`,
        query: { fields, limit: pageSize, after },
        effect: 'read',
        answer: listOf(Post),
      }),
    { pagesMax, isEnough: (posts) => posts.some((post) => timeOf(post) < sinceMs()) },
  );
  const since = rows.filter((post) => timeOf(post) >= sinceMs());
  const strangers = since.filter(({ id }) => !query.takenPostIds.has(id));
  const wanted = seenForm(query.content.text);
  const isOurs = (post: Post) => {
    const shown = targetsOf(post);
    if (photos.size > 0 && shown.length > 0) return shown.some((id) => photos.has(id));
    return seenForm(post.message ?? '') === wanted && (wanted !== '' || photos.size === 0);
  };
  const match = strangers.findLast(isOurs);
  if (match !== undefined) {
    const url = match.permalink_url ?? facebookPostUrl(match.id);
    return { kind: 'found', platformPostId: match.id, url, evidence: `post ${match.id} is this one` };
  }
  if (!isComplete) return { kind: 'cannot_tell', evidence: `More than ${rows.length} posts were made since.` };
  const missing = await findMissing(query, new Set(rows.map(({ id }) => id)));
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `post ${missing}, which is there, is missing from Facebook's list` };
  const evidence = `none of ${since.length} posts since is this one`;
  const similar = strangers.find(
    (post) => (photos.size === 0 || targetsOf(post).length === 0) && resembles(query.content.text, post.message ?? ''),
  );
  if (similar === undefined) return { kind: 'not_seen', evidence };
  const doubt = `Post ${similar.id} is new since the send and may be this one, changed by Facebook.`;
  return { kind: 'not_seen', evidence, doubt };
}

/** What a post shows: one photo, or the photos of an album. */
function targetsOf({ attachments }: Post): string[] {
  return (attachments?.data ?? []).flatMap(({ target, subattachments }) =>
    [target, ...(subattachments?.data ?? []).map((each) => each.target)].flatMap((each) => each?.id ?? []),
  );
}

const missingMax = 3;

/** A post of ours that is on Facebook and not in its list. */
async function findMissing(query: ReconcileQuery, listed: ReadonlySet<string>): Promise<string | null> {
  for (const id of query.knownSince.filter((known) => !listed.has(known)).slice(0, missingMax)) {
    const state = await readState(query, id).catch(goneIsNull);
    if (state?.is_published === true) return id;
  }
  return null;
}

function goneIsNull(error: unknown): null {
  if (error instanceof PlatformError && error.kind === 'not_found') return null;
  throw error;
}
