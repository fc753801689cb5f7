import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { type Listed, newestStep, plain, readPostsSince } from './list.ts';
import { TikTokOptions } from './options.ts';
import { BegunVideo, hasArrived, initStep } from './publish-video.ts';
import { placeOf, readStatus } from './status.ts';

/** A video by its publish ids, which are known; photos, which had none before TikTok answered, among what everybody sees. */
export async function reconcileTikTok(query: ReconcileQuery): Promise<ReconcileFinding> {
  const begun = Object.entries(query.results).flatMap(([name, result]) =>
    name.endsWith(`: ${initStep}`) ? (BegunVideo.safeParse(result).data ?? []) : [],
  );
  return begun.length > 0 ? findVideo(query, begun) : findPhotos(query);
}

async function findVideo(query: ReconcileQuery, begun: readonly BegunVideo[]): Promise<ReconcileFinding> {
  for (const { publishId, bytes } of begun) {
    const state = await readStatus(query, query.http, publishId).catch(goneIsNull);
    if (state === null || state.status === 'FAILED') continue;
    if (!hasArrived(state, bytes)) {
      if (state.uploaded_bytes !== undefined) continue;
      return {
        kind: 'inconclusive',
        evidence: `TikTok is working on ${publishId} and does not say how much of it has arrived`,
      };
    }
    if (state.status === 'PUBLISH_COMPLETE' || state.status === 'SEND_TO_USER_INBOX') {
      const evidence = `TikTok has made a post of ${publishId}`;
      if (state.postId !== null) return { kind: 'found', ...placeOf(query.account, state.postId, 'video'), evidence };
      return { kind: 'found', platformPostId: publishId, url: null, evidence };
    }
    return { kind: 'inconclusive', evidence: `TikTok is still working on ${publishId}` };
  }
  const ids = begun.map(({ publishId }) => publishId).join(', ');
  return { kind: 'not_seen', evidence: `not all bytes of ${ids} have arrived, or TikTok made no post of them` };
}

type BegunVideo = ReturnType<typeof BegunVideo.parse>;

function goneIsNull(error: unknown): null {
  if (error instanceof PlatformError && error.kind === 'not_found') return null;
  throw error;
}

/** Between what TikTok's answers say of its clock, and its clock. */
const clockSkewMs = 60_000;

/** The oldest above the newest post of before. That none is there proves little: TikTok looks at a post before it lists it. */
async function findPhotos(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const options = TikTokOptions.safeParse(asked.content.options).data ?? {};
  if (options.postAs === 'draft' || (options.privacyLevel ?? 'PUBLIC_TO_EVERYONE') !== 'PUBLIC_TO_EVERYONE')
    return { kind: 'cannot_tell', evidence: 'TikTok lists only what everybody may see.' };
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const newest = query.results[newestStep];
  const since = () => clock.timeOf(query.intent.startedAt).getTime() - clockSkewMs;
  const isBefore = (post: Listed) => post.id === newest || (post.create_time ?? Infinity) * 1_000 < since();
  const listed = await readPostsSince(query, isBefore).catch((error: unknown) => {
    if (error instanceof PlatformError && error.kind === 'permission') return null;
    throw error;
  });
  if (listed === null) return { kind: 'cannot_tell', evidence: 'TikTok does not let this application list the posts.' };
  const { posts, isComplete } = listed;
  const wanted = [plain(query.content.text), plain(`${options.title ?? ''} ${query.content.text}`)];
  const isOurs = ({ title, video_description: text }: Listed) =>
    wanted.includes(plain(text)) || (options.title === undefined && wanted.includes(plain(title)));
  const match = posts.filter(({ id }) => !query.takenPostIds.has(id)).findLast(isOurs);
  if (match !== undefined) {
    const place = placeOf(query.account, match.id, 'photo');
    return { kind: 'found', ...place, url: match.share_url ?? place.url, evidence: `post ${match.id} is this one` };
  }
  if (!isComplete) return { kind: 'cannot_tell', evidence: `More than ${posts.length} posts were made since.` };
  return {
    kind: 'not_seen',
    evidence: `none of ${posts.length} posts since is this one`,
    doubt: 'TikTok lists photos only once it has looked at them, which may take hours.',
  };
}
