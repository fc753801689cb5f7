import { listenToPlatformClock } from '../platform-clock.ts';
import type { ReconcileFinding, ReconcileQuery } from '../port/reconcile.ts';
import { findPost, SendKey } from './find-post.ts';
import { localPostOf } from './post-body.ts';

/** Looks through the location's posts above the newest one of before the first send. */
export async function reconcileBusiness(query: ReconcileQuery): Promise<ReconcileFinding> {
  const clock = listenToPlatformClock(query.http, query.askedAt);
  const { topicType, event } = localPostOf({ ...query.content, media: [] });
  const { post, since, isComplete } = await findPost(
    { ...query, http: clock.http },
    {
      newest: SendKey.safeParse(query.intent.key).data?.newest ?? null,
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
  if (!isComplete) return { kind: 'cannot_tell', evidence: `more than ${since} posts were made since` };
  return { kind: 'not_seen', evidence: `none of ${since} posts since is this one` };
}
