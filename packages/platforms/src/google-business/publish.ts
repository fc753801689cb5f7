import { z } from 'zod';
import { accountNotFound } from '../answers/account-not-found.ts';
import { googleRefusal } from '../google/errors.ts';
import { listenToPlatformClock } from '../http/platform-clock.ts';
import { PlatformError, type PlatformErrorKind } from '../port/platform-error.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { PublishFate, PublishRun } from '../port/publish.ts';
import { accessTo } from '../connect/token-access.ts';
import { businessKinds, businessName, callBusiness, pathOfPost, postsOf } from './api.ts';
import { findPost, keyBeforeSend, LocalPost, SendKey } from './find-post.ts';
import { localPostOf } from './post-body.ts';
import { hasTelephone } from './text.ts';

const Sent = z.object({ name: z.string(), at: z.string() });

/** One request makes a post; Google then looks at it, and shows or refuses it. */
export async function publishBusiness(run: PublishRun): Promise<PublishFate> {
  const body = localPostOf(run.content);
  const sent = await run.step({
    name: 'publish',
    effect: 'once',
    key: () => keyBeforeSend(run),
    run: async ({ key, http, startedAt }) => {
      const stored = SendKey.parse(key);
      // Google takes the same post twice: a repeat looks first.
      const before = stored.at === run.now.toISOString() ? null : await findEarlier(run, http, stored, startedAt);
      return { name: before ?? (await create(run, http, body)), at: run.now.toISOString() };
    },
  });
  return follow(run, Sent.parse(sent));
}

async function findEarlier(run: PublishRun, http: PlatformHttp, key: SendKey, startedAt: Date): Promise<string | null> {
  const { topicType, event } = localPostOf(run.content);
  const clock = listenToPlatformClock(http, startedAt);
  const { post } = await findPost(
    { ...run, http: clock.http },
    {
      key,
      since: () => clock.timeOf(new Date(key.at)),
      summary: run.content.text,
      topicType,
      eventTitle: event?.title ?? null,
      takenPostIds: new Set<string>(),
    },
  );
  return post?.name ?? null;
}

/** https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts/create, read 2026-11. */
async function create(run: PublishRun, http: PlatformHttp, json: ReturnType<typeof localPostOf>): Promise<string> {
  const call = { ...accessTo(run, http), host: 'posts', method: 'POST', path: postsOf(run), json } as const;
  const refusalOf = accountNotFound(googleRefusal('once', businessKinds));
  return (await callBusiness({ ...call, effect: 'once', answer: LocalPost, refusalOf })).name;
}

const pollMs = { min: 3_000, max: 300_000, share: 1 / 4 };
/** So long Google may look at a post; after that it is taken for shown, as nothing says otherwise. */
const reviewMsMax = 24 * 3_600_000;
/** A post that is new may not be found at once. */
const goneMsMin = 10 * 60_000;
const passing: ReadonlySet<PlatformErrorKind> = new Set(['network', 'unavailable', 'rate_limit', 'quota', 'not_found']);

/** What became of it. An answer that does not come changes nothing: Google has taken it. */
async function follow(run: PublishRun, { name, at }: z.infer<typeof Sent>): Promise<PublishFate> {
  const waitedMs = run.now.getTime() - Date.parse(at);
  const pollAfterMs = Math.min(pollMs.max, Math.max(pollMs.min, Math.round(waitedMs * pollMs.share)));
  const waiting = { kind: 'processing', pollAfterMs, detail: 'Google is looking at the post' } as const;
  const post = await readPost(run, name).catch((error: unknown) => {
    if (!(error instanceof PlatformError)) throw error;
    if (error.kind === 'not_found' && waitedMs >= goneMsMin) return 'gone' as const;
    if (passing.has(error.kind)) return null;
    throw error;
  });
  if (post === null) return waiting;
  if (post === 'gone') {
    const message = `${businessName} has removed the post`;
    return { kind: 'turned_down', error: new PlatformError('policy', message, { platformCode: 'removed' }) };
  }
  const shown = { kind: 'published', platformPostId: name, url: post.searchUrl ?? null } as const;
  switch (post.state) {
    case 'LIVE':
      return shown;
    case 'REJECTED':
      return { kind: 'turned_down', error: rejected(run.content.text) };
    default:
      return waitedMs < reviewMsMax ? waiting : shown;
  }
}

function readPost(run: PublishRun, name: string) {
  const path = pathOfPost(name);
  return callBusiness({ ...accessTo(run), host: 'posts', method: 'GET', path, effect: 'read', answer: LocalPost });
}

/** Google gives no reason: what its rules for posts say is told, and what of it can be seen. https://support.google.com/business/answer/7213077, read 2026-11. */
function rejected(text: string): PlatformError {
  const seen = hasTelephone(text) ? 'the text seems to hold a telephone number, which Google does not allow' : null;
  const why = seen ?? 'Google gives no reason; its rules are at https://support.google.com/business/answer/7213077';
  return new PlatformError('policy', `${businessName} rejected the post: ${why}`, { platformCode: 'REJECTED' });
}
