import { PostStatus } from '@vibetribe/contracts/post-status';
import { listAccounts } from '@vibetribe/core/accounts/read/list-accounts';
import { getTokenStats } from '@vibetribe/core/accounts/tokens/get-token-stats';
import type { Actor } from '@vibetribe/core/actor';
import { getAccountMetrics } from '@vibetribe/core/analytics/get-account-metrics';
import { getPostMetrics } from '@vibetribe/core/analytics/get-post-metrics';
import { listAudit } from '@vibetribe/core/audit/list-audit';
import { listMedia } from '@vibetribe/core/media/list-media';
import { listNotifications } from '@vibetribe/core/notifications/list-notifications';
import { previewPause } from '@vibetribe/core/pauses/preview-pause';
import { getSchedulerStats } from '@vibetribe/core/posts/read/get-scheduler-stats';
import { type ListPosts, listPosts } from '@vibetribe/core/posts/read/list-posts';
import { readTimeline } from '@vibetribe/core/posts/read/read-timeline';
import { getProcessed } from '@vibetribe/core/queues/get-processed';
import { getProcessedStats } from '@vibetribe/core/queues/get-processed-stats';
import { runStalledDetection } from '@vibetribe/core/tasks/detect-stalled';
import { listDeliveries } from '@vibetribe/core/webhooks/deliveries';
import { quietSignals } from '@vibetribe/core/test-signals';
import { connectDatabase } from '@vibetribe/db/connect-database';
import { fillOrganization, type FilledOrganization } from '@vibetribe/db/testing/fill-organization';
import { createMediaUrls } from '@vibetribe/media/serve/media-urls';
import { createLogger } from '@vibetribe/observability/logger';
import { adapters } from '@vibetribe/platforms/registry';
import { openCalendar } from './open-calendar.ts';
import { median, print, spread, verdict } from './report.ts';
import type { Servers } from './servers.ts';
import type { Settings } from './settings.ts';

const small = 10_000;
const rounds = 15;
const dayMs = 86_400_000;

const ownerOf = (organizationId: string): Actor => ({
  organizationId,
  userId: null,
  role: 'owner',
  scopes: null,
  accountIds: null,
  serviceAdmin: true,
  principal: 'user:bench',
});

type Question = () => Promise<unknown>;

/** What each list and statistic costs an organization with few posts, one with many, and one with few beside that one, in turns. */
export async function lists(servers: Servers, { listedPosts }: Settings): Promise<void> {
  print(
    `\n## Lists: ${small} posts, ${small} in the database of ${listedPosts} others, ${listedPosts}; median of ${rounds} in turns, ms`,
  );
  await using few = await openLists(servers, { org_own: small });
  await using many = await openLists(servers, { org_own: listedPosts, org_beside: small });
  const beside = many.questions('org_beside');
  const ofMany = many.questions('org_own');
  for (const [name, askFew] of Object.entries(few.questions('org_own'))) {
    const ms = { few: [] as number[], beside: [] as number[], many: [] as number[] };
    for (let round = -2; round < rounds; round += 1) {
      for (const [size, ask] of [
        ['few', askFew],
        ['beside', beside[name]],
        ['many', ofMany[name]],
      ] as const) {
        const startedAtMs = performance.now();
        await ask?.();
        if (round >= 0) ms[size].push(performance.now() - startedAtMs);
      }
    }
    print(`${name.padEnd(52)} ${spread(ms.few, 1)}, ${spread(ms.beside, 1)} and ${spread(ms.many, 1)}`);
    verdict(`${name}, beside many`, median(ms.beside) / median(ms.few), { atMost: 1.3 });
    verdict(name, median(ms.many) / median(ms.few), { atMost: 1.3 });
  }
}

async function openLists(servers: Servers, postsOf: Readonly<Record<string, number>>) {
  await using opening = new AsyncDisposableStack();
  const { pool, databaseUrl } = opening.use(await openCalendar(servers, 100));
  const startedAtMs = performance.now();
  const filled = new Map<string, FilledOrganization>();
  for (const [organizationId, posts] of Object.entries(postsOf))
    filled.set(organizationId, await fillOrganization((text) => pool.query(text), { organizationId, posts }));
  const posts = Math.max(...Object.values(postsOf));
  await fillOrganization((text) => pool.query(text), { organizationId: 'org_neighbour', posts: posts / 10 });
  await pool.query('vacuum analyze');
  print(`${posts} posts made in ${Math.round((performance.now() - startedAtMs) / 1_000)} s`);
  const db = opening.use(
    connectDatabase({ databaseUrl, poolMax: 4, poolMin: 0, applicationName: 'bench', onError: () => undefined }),
  );
  const opened = opening.move();
  return {
    questions(organizationId: string) {
      const own = filled.get(organizationId);
      if (own === undefined) throw new Error(`${organizationId} was not filled`);
      return questionsOf(db, ownerOf(organizationId), own, postsOf[organizationId] ?? 0);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function questionsOf(
  db: ReturnType<typeof connectDatabase>,
  actor: Actor,
  { accountId, rareAccountId, oldestPostId, webhookId, pauseId }: FilledOrganization,
  posts: number,
): Record<string, Question> {
  const clock = { now: () => new Date(), monotonicMs: () => performance.now() };
  const deps = {
    db,
    clock,
    adapters,
    postsPerHour: () => 1_000_000,
    appPostsPerDay: () => null,
    metricsMonthlyUsd: () => null,
    mediaUrls: createMediaUrls({ store: { url: () => null }, key: Buffer.alloc(32), origin: () => '', now: clock.now }),
    logger: createLogger({ app: 'bench', level: 'error' }),
    signals: quietSignals,
  };
  const page = { limit: 20, after: null };
  const list =
    (filter: Partial<ListPosts>, by: Actor = actor) =>
    () =>
      listPosts(deps, by, { ...page, ...filter });
  const at = (days: number) => new Date(Date.now() + days * dayMs).toISOString();
  const key = (accountIds: string[]): Actor => ({ ...actor, accountIds });
  const ways = {
    'of an account': { accountId },
    'of an account with five': { accountId: rareAccountId },
    'of a platform': { platform: 'x' },
    'of a platform with five': { platform: 'mastodon' },
  } as const;
  return {
    posts: list({}),
    'posts, a hundred': list({ limit: 100 }),
    'posts, a page in the middle': list({
      after: { createdAtMicros: String((Date.now() - 90 * dayMs) * 1_000), id: 'pst' },
    }),
    ...Object.fromEntries(
      PostStatus.options.flatMap((status) => [
        [`posts ${status}`, list({ status })],
        ...Object.entries(ways).map(([way, filter]) => [`posts ${status} ${way}`, list({ status, ...filter })]),
      ]),
    ),
    ...Object.fromEntries(Object.entries(ways).map(([way, filter]) => [`posts ${way}`, list(filter)])),
    'posts of the coming week': list({ from: at(0), to: at(7) }),
    'posts of the coming month': list({ from: at(0), to: at(30), limit: 100 }),
    'posts of a month long ago': list({ from: at(-150), to: at(-120) }),
    'posts of an hour long ago': list({ from: at(-100), to: at(-100 + 1 / 24) }),
    'posts from now on': list({ from: at(0) }),
    'posts until a time long ago': list({ to: at(-170) }),
    'posts of the coming week, scheduled': list({ from: at(0), to: at(7), status: 'scheduled' }),
    'posts of the last week of an account': list({ from: at(-7), to: at(0), accountId }),
    'posts, key of an account': list({}, key([accountId])),
    'posts, key of an account with five': list({}, key([rareAccountId])),
    'posts failed, key of an account': list({ status: 'failed' }, key([accountId])),
    'scheduler statistics': () => getSchedulerStats(deps, actor),
    'scheduler statistics, key of an account': () => getSchedulerStats(deps, key([accountId])),
    timeline: () => readTimeline(deps, actor, { ...page, postId: oldestPostId }),
    'timeline, all of 300': () => readTimeline(deps, actor, { postId: oldestPostId, limit: 1_000, after: null }),
    accounts: () => listAccounts(deps, actor, { limit: 20, afterId: null }),
    'accounts whose tokens end': () => listAccounts(deps, actor, { limit: 20, afterId: null, expiringWithin: '7d' }),
    'token statistics': () => getTokenStats(deps, actor),
    media: () => listMedia(deps, actor, page),
    'media, the few videos': () => listMedia(deps, actor, { ...page, type: 'video' }),
    notifications: () => listNotifications(deps, actor, { ...page, unreadOnly: false }),
    'notifications, the few unread': () => listNotifications(deps, actor, { ...page, unreadOnly: true }),
    'notifications, key of an account with five': () =>
      listNotifications(deps, key([rareAccountId]), { ...page, unreadOnly: false }),
    audit: () => listAudit(deps, actor, { limit: 20, beforeId: null }),
    'webhook deliveries': () => listDeliveries(deps, actor, { webhookId, limit: 20, beforeSequence: null }),
    'webhook deliveries, a page in the middle': () =>
      listDeliveries(deps, actor, { webhookId, limit: 20, beforeSequence: posts / 2 }),
    'what a pause holds back': () => previewPause(deps, actor, { id: pauseId, limit: 20, afterId: null }),
    'numbers of a post': () => getPostMetrics(deps, actor, { postId: oldestPostId }),
    'numbers of an account': () => getAccountMetrics(deps, actor, { ...page, accountId }),
    'processed, one': () => getProcessed(deps, actor, { publicationId: oldestPostId.replace('pst', 'pub') + 'a' }),
    'processed statistics': () => getProcessedStats(deps, actor),
    'cron: stalled publications': () => runStalledDetection(deps),
  };
}
