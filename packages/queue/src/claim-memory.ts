import type { QueueConnection } from './queue-connection.ts';

/** What was seen committed about a publication. */
export interface RememberedClaim {
  readonly publicationId: string;
  readonly organizationId: string;
  readonly postId: string;
  readonly fence: number;
}

/** The newest claims of all publishers, outside the database: what a restored one is held against. */
interface ClaimMemory {
  read(): Promise<RememberedClaim[]>;
  /** Never waits and never rejects: what is lost makes the memory shorter. */
  add(claims: readonly RememberedClaim[]): void;
  clear(): Promise<void>;
}

const claimsMax = 1_000;
/** Older ones may be gone for good reasons, such as a retention. */
const keptForMs = 7 * 24 * 3_600_000;

/** Null where the queue lives in the database itself: nothing of it would survive a restore. */
export function openClaimMemory(
  { store, prefix, logger }: QueueConnection,
  clock: { now(): Date },
): ClaimMemory | null {
  if (store.kind !== 'redis') return null;
  const { redis } = store;
  const key = `${prefix}:claims`;
  return {
    async read() {
      const texts = await redis.zrange(key, clock.now().getTime() - keptForMs, '+inf', 'BYSCORE');
      // Written below, by nobody else.
      return texts.map((text) => JSON.parse(text) as RememberedClaim);
    },
    add(claims) {
      if (claims.length === 0 || redis.status !== 'ready') return;
      const nowMs = clock.now().getTime();
      const members = claims.flatMap(({ publicationId, organizationId, postId, fence }) => [
        nowMs,
        JSON.stringify({ publicationId, organizationId, postId, fence }),
      ]);
      redis
        .pipeline()
        .zadd(key, ...members)
        .zremrangebyrank(key, 0, -claimsMax - 1)
        .pexpire(key, keptForMs)
        .exec()
        .catch((error: unknown) => logger.warn({ err: error }, 'claims could not be remembered outside the database'));
    },
    async clear() {
      await redis.del(key);
    },
  };
}
