import { z } from 'zod';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { accessTo } from '../connect/token-access.ts';
import { callBusiness, pathOfPost } from './api.ts';
import { findPost, SendKey } from './find-post.ts';
import { localPostOf } from './post-body.ts';

/** Looks through the location's posts above the newest one of before the first send. */
export async function reconcileBusiness(query: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(query.http, query.askedAt);
  const { topicType, event } = localPostOf({ ...query.content, media: [] });
  const { post, newer, isComplete } = await findPost(
    { ...query, http: clock.http },
    {
      key: SendKey.safeParse(query.intent.key).data ?? { newest: null, wasEmpty: false },
      since: () => clock.timeOf(query.intent.startedAt),
      summary: query.content.text,
      topicType,
      eventTitle: event?.title ?? null,
      takenPostIds: query.takenPostIds,
    },
  );
  if (post !== null) {
    const { name, searchUrl = null, state } = post;
    return {
      kind: 'found',
      platformPostId: name,
      url: searchUrl,
      evidence: `post ${name} is this one (${state ?? 'no state'})`,
    };
  }
  if (!isComplete) return { kind: 'cannot_tell', evidence: `more than ${newer.length} posts were made since` };
  const missing = await findMissing(query, new Set(newer.map(({ name }) => name)));
  if (missing !== null)
    return { kind: 'inconclusive', evidence: `post ${missing}, which is there, is missing from Google's list` };
  return { kind: 'not_seen', evidence: `none of ${newer.length} posts since is this one` };
}

const missingMax = 3;

/** A post of ours that is there and not in the list. */
async function findMissing(query: ReconcileQuery, listed: ReadonlySet<string>): Promise<string | null> {
  const expected = query.knownSince.filter((id) => !listed.has(id)).slice(0, missingMax);
  for (const id of expected) if (await isThere(query, id)) return id;
  return null;
}

async function isThere(query: ReconcileQuery, name: string): Promise<boolean> {
  try {
    const path = pathOfPost(name);
    await callBusiness({ ...accessTo(query), host: 'posts', method: 'GET', path, effect: 'read', answer: z.unknown() });
    return true;
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not_found') return false;
    throw error;
  }
}
