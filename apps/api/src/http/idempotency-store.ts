import { createHash } from 'node:crypto';
import type { Database, Transaction } from '@vibetribe/db/connect-database';
import { idempotencyKeys } from '@vibetribe/db/schema/service';
import { and, eq, sql } from 'drizzle-orm';

export interface StoredAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** One key of one principal on one route; `bodyHash` tells whether the request is the same. */
export interface KeyedRequest {
  readonly organizationId: string;
  readonly principal: string;
  readonly route: string;
  readonly key: string;
  readonly bodyHash: string;
}

/** A request that holds its key. `fence` is the moment until which it is held: whoever takes it over has a later one. */
export interface HeldKey extends KeyedRequest {
  readonly fence: string;
}

export type Begun =
  | { readonly kind: 'held'; readonly held: HeldKey }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  | { readonly kind: 'in_flight' }
  | { readonly kind: 'other_body' };

const keptHours = 24;

/**
 * Takes the key, or tells what is known of the request that has it. A key whose holder died is free again when its time is
 * over; one older than 24 hours is forgotten.
 */
export async function beginRequest(db: Database, request: KeyedRequest, lockMs: number): Promise<Begun> {
  return db.asTenant(request.organizationId, async (tx) => {
    const fence = await takeKey(tx, request, lockMs);
    if (fence !== null) return { kind: 'held', held: { ...request, fence } };
    const [known] = await tx.select().from(idempotencyKeys).where(isKey(request));
    if (known === undefined) return { kind: 'in_flight' };
    if (known.bodyHash !== request.bodyHash) return { kind: 'other_body' };
    if (known.state === 'in_flight') return { kind: 'in_flight' };
    return { kind: 'answered', answer: known.response as StoredAnswer };
  });
}

async function takeKey(tx: Transaction, request: KeyedRequest, lockMs: number): Promise<string | null> {
  const lockedUntil = sql`clock_timestamp() + make_interval(secs => ${lockMs / 1000})`;
  const isAbandoned = sql`${idempotencyKeys.state} = 'in_flight' and ${idempotencyKeys.lockedUntil} <= clock_timestamp() and ${idempotencyKeys.bodyHash} = excluded.body_hash`;
  const isOld = sql`${idempotencyKeys.createdAt} <= now() - make_interval(hours => ${keptHours})`;
  const [taken] = await tx
    .insert(idempotencyKeys)
    .values({ ...request, state: 'in_flight', lockedUntil })
    .onConflictDoUpdate({
      target: [idempotencyKeys.organizationId, idempotencyKeys.principal, idempotencyKeys.route, idempotencyKeys.key],
      set: {
        bodyHash: request.bodyHash,
        state: 'in_flight',
        lockedUntil,
        status: null,
        response: null,
        createdAt: sql`now()`,
      },
      setWhere: sql`(${isAbandoned}) or (${isOld})`,
    })
    .returning({ fence: sql<string>`${idempotencyKeys.lockedUntil}::text` });
  return taken?.fence ?? null;
}

/** Keeps the answer; false if the key was taken over meanwhile, and then the caller's work must not count. */
export async function rememberAnswer(tx: Transaction, held: HeldKey, answer: StoredAnswer): Promise<boolean> {
  const remembered = await tx
    .update(idempotencyKeys)
    .set({ state: 'done', status: answer.status, response: answer })
    .where(isHeld(held))
    .returning({ key: idempotencyKeys.key });
  return remembered.length === 1;
}

/** Frees the key: the request did not get far enough to have an answer. */
export async function forgetRequest(tx: Transaction, held: HeldKey): Promise<void> {
  await tx.delete(idempotencyKeys).where(isHeld(held));
}

function isKey({ organizationId, principal, route, key }: KeyedRequest) {
  return and(
    eq(idempotencyKeys.organizationId, organizationId),
    eq(idempotencyKeys.principal, principal),
    eq(idempotencyKeys.route, route),
    eq(idempotencyKeys.key, key),
  );
}

function isHeld(held: HeldKey) {
  return and(
    isKey(held),
    eq(idempotencyKeys.state, 'in_flight'),
    sql`${idempotencyKeys.lockedUntil} = ${held.fence}::timestamptz`,
  );
}

/** The same for the same JSON, whatever the order of its fields. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)) ?? '')
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, inner]) => [name, sorted(inner)]);
}
