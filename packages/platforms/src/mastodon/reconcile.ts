import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { judgeStatus } from './compare-status.ts';
import { MastodonKey } from './key.ts';
import { readListing, readStatus } from './listing.ts';
import { MastodonOptions } from './options.ts';
import { webUrlOf } from './publish.ts';
import { habitsOf } from './software.ts';

/** Instances are kept by many hands: what one says of its clock, and what it writes on statuses, may differ by this much. */
const clockSkewMs = 5 * 60_000;

/** Looks through what the account posted since the send; asking under the key again would publish. The oldest match wins. */
export async function reconcileMastodon(asked: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(asked.http, asked.askedAt);
  const query = { ...asked, http: clock.http };
  const after = MastodonKey.safeParse(query.intent.key).data?.after ?? null;
  const since = () => clock.timeOf(query.intent.startedAt).getTime() - clockSkewMs;
  const { statuses, listedIds, isComplete } = await readListing(query, { after, since });
  const judge = judgeStatus(query);
  const judged = statuses
    .filter(({ id }) => !query.takenPostIds.has(id))
    .map((status) => ({ status, judgement: judge(status) }));
  const match = judged.findLast(({ judgement }) => judgement === 'ours')?.status;
  if (match !== undefined) {
    const evidence = `post ${match.id} of ${match.created_at} is this one`;
    return { kind: 'found', platformPostId: match.id, url: webUrlOf(match), evidence };
  }
  const when = new Date(since()).toISOString();
  if (!isComplete)
    return { kind: 'cannot_tell', evidence: `More than ${statuses.length} posts were made since ${when}.` };
  if (mayHide(query)) {
    return { kind: 'cannot_tell', evidence: 'The server may leave posts that are not public out of its list.' };
  }
  const missing = await findMissing(query, { listedIds, since });
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `post ${missing}, which is there, is missing from the server's list` };
  const evidence = `none of ${statuses.length} posts ${after === null ? `since ${when}` : 'since the send'} is this one`;
  const stranger = judged.find(({ judgement }) => judgement === 'maybe')?.status;
  if (stranger === undefined) return { kind: 'not_seen', evidence };
  return {
    kind: 'not_seen',
    evidence,
    doubt: `Post ${stranger.id} is new since the send and may be this one, written anew by its server.`,
  };
}

/** Mastodon lists an author's own posts whatever their visibility; of other software that is not known. */
function mayHide({ account, content }: ReconcileQuery): boolean {
  const visibility = MastodonOptions.safeParse(content.options).data?.visibility ?? 'public';
  return (visibility === 'private' || visibility === 'direct') && !habitsOf(account.serverRules?.software).keepsText;
}

/** How many posts that should be in the list are asked for one by one. */
const missingMax = 3;

/** A post of ours that was made since the send, is on the server, and is not in its list. */
async function findMissing(
  query: ReconcileQuery,
  { listedIds, since }: { listedIds: ReadonlySet<string>; since: () => number },
): Promise<string | null> {
  for (const id of query.knownSince.filter((known) => !listedIds.has(known)).slice(0, missingMax)) {
    const status = await readStatus(query, id);
    if (status !== null && status.createdAtMs >= since() + clockSkewMs) return id;
  }
  return null;
}
