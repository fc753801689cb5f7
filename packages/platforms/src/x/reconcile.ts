import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { resembles } from '../text/resembles.ts';
import { XKey } from './key.ts';
import { newerX, nothingBefore } from './post-id.ts';
import { xPostUrl } from './publish.ts';
import { fingerprintOfText, fingerprintsOfPost } from './text.ts';
import { isOnX, readTimeline, type XPost } from './timeline.ts';
import { XUpload } from './upload.ts';

/** How far apart what X's answers say of its clock, and its clock, may be. */
const clockSkewMs = 60_000;

/**
 * Looks through what the account posted since the send: what is newer than the newest post before it, or, where X did not tell that one,
 * what is newer by X's own clock. The oldest match wins: a later one is a repeat by somebody else.
 */
export async function reconcileX(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const after = XKey.safeParse(query.intent.key).data?.after ?? null;
  const since = () => clock.timeOf(query.intent.startedAt).getTime() - clockSkewMs;
  const isNew = ({ id, created_at: createdAt }: XPost) =>
    after === null ? createdAt === undefined || Date.parse(createdAt) >= since() : newerX(id, after);
  const sinceId = after === nothingBefore ? null : after;
  const { posts, isComplete, hasFields } = await readTimeline(query, { sinceId, isPast: (post) => !isNew(post) });
  const newPosts = posts.filter(isNew);
  const strangers = newPosts.filter(({ id }) => !query.takenPostIds.has(id));
  const judgeOne = judge(query);
  const judged = strangers.map((post) => ({ post, judgement: judgeOne(post) }));
  const match = judged.findLast(({ judgement }) => judgement === 'ours')?.post;
  if (match !== undefined) {
    const evidence = `post ${match.id} of ${match.created_at ?? 'unknown time'} is this one`;
    return { kind: 'found', platformPostId: match.id, url: xPostUrl(query.account, match.id), evidence };
  }
  const where = after === null ? `since ${new Date(since()).toISOString()}` : `after post ${after}`;
  if (!hasFields) return { kind: 'cannot_tell', evidence: 'X leaves out of its list what posts are told apart by.' };
  if (!isComplete) return { kind: 'cannot_tell', evidence: `More than ${posts.length} posts were made ${where}.` };
  const missing = await findMissing(query, posts, after);
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `post ${missing}, which is there, is missing from X's list` };
  const evidence = `none of ${newPosts.length} posts ${where} is this one`;
  const similar = judged.find(({ judgement }) => judgement === 'maybe')?.post;
  if (similar === undefined) return { kind: 'not_seen', evidence };
  return {
    kind: 'not_seen',
    evidence,
    doubt: `Post ${similar.id} is new since the send and may be this one, changed by X.`,
  };
}

/** How many posts that should be in the list are asked for one by one. */
const missingMax = 3;

/** A post of ours that lies in the list's range, is on X, and is not in the list. */
async function findMissing(
  query: ReconcileQuery,
  posts: readonly XPost[],
  after: string | null,
): Promise<string | null> {
  const listed = new Set(posts.map(({ id }) => id));
  const expected = query.knownSince.filter((id) => !listed.has(id) && (after === null || newerX(id, after)));
  for (const id of expected.slice(0, missingMax)) if (await isOnX(query, id)) return id;
  return null;
}

type Judgement = 'ours' | 'maybe' | 'other';

/** By the keys of its media, which no other post has; where X names no media, and without media, by its text. */
function judge({ content, results }: ReconcileQuery): (post: XPost) => Judgement {
  const ours = Object.values(results).flatMap((result) => XUpload.safeParse(result).data?.mediaKey ?? []);
  const hasMedia = Object.values(results).some((result) => XUpload.safeParse(result).success);
  const wanted = fingerprintOfText(content.text);
  const byText = (post: XPost): Judgement => {
    const note = post.note_tweet ?? post.note_post;
    const shown = note?.text ?? post.text;
    const texts = hasMedia ? [shown, withoutMediaLink(shown)] : [shown];
    const isSame = wanted !== '' && texts.some((text) => fingerprintsOfPost(text, linksOf(post)).includes(wanted));
    if (isSame) return 'ours';
    return texts.some((text) => resembles(content.text, text)) ? 'maybe' : 'other';
  };
  return (post) => {
    const theirs = mediaKeysOf(post);
    if (theirs.length > 0 && ours.length > 0) return theirs.some((key) => ours.includes(key)) ? 'ours' : 'other';
    return theirs.length > 0 && !hasMedia ? 'other' : byText(post);
  };
}

function linksOf({
  entities,
  note_tweet: tweet,
  note_post: note = tweet,
}: XPost): { url: string; expanded_url: string }[] {
  return [...(entities?.urls ?? []), ...(note?.entities?.urls ?? [])].flatMap(({ url, expanded_url: target }) =>
    target === undefined ? [] : [{ url, expanded_url: target }],
  );
}

function mediaKeysOf({ attachments, entities }: XPost): string[] {
  const named = (entities?.urls ?? []).flatMap(({ media_key: key }) => key ?? []);
  return [...(attachments?.media_keys ?? []), ...named];
}

/** X puts a link of its own behind the text of a post with media. */
function withoutMediaLink(text: string): string {
  return text.replace(/https:\/\/t\.co\/\w+\s*$/u, '');
}
