import type { PublicationStatus } from '@vibetribe/contracts/publication-status';
import type { BreakablePostgres } from '../breakable-postgres.ts';

/** What the product's database holds of one publication: where it stands, and how it came there. */
export interface StoredHistory {
  readonly id: string;
  readonly platform: string;
  readonly row: StoredRow;
  readonly events: readonly StoredEvent[];
  readonly attempts: readonly StoredAttempt[];
  readonly steps: readonly StoredStep[];
}

export interface StoredRow {
  readonly status: PublicationStatus;
  readonly attempts: number;
  readonly retriesUsed: number;
  readonly fence: number;
  readonly committed: boolean;
  readonly absentReads: number;
  readonly reconcileTries: number;
  readonly waitingReason: string | null;
  readonly toldWait: { readonly times: number; readonly lastAtMs: number } | null;
  readonly platformPostId: string | null;
  readonly url: string | null;
  readonly partCount: number;
  /** What is out of several parts. */
  readonly parts: readonly { readonly platformPostId: string | null }[];
  readonly errorCode: string | null;
  readonly hasLease: boolean;
  readonly hasIntent: boolean;
  readonly hasEvidence: boolean;
  readonly isInDoubt: boolean;
}

export interface StoredEvent {
  readonly type: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** `outcome`: the status at its end; null while it is under way. */
export interface StoredAttempt {
  readonly number: number;
  readonly fence: number;
  readonly startedAtMs: number;
  readonly outcome: string | null;
}

export interface StoredStep {
  readonly name: string;
  readonly effect: string;
  readonly keyed: boolean;
  readonly done: boolean;
}

const ms = (column: string) => `floor(extract(epoch from ${column}) * 1000)::float8`;

export async function readStoredHistories({ sql }: Pick<BreakablePostgres, 'sql'>): Promise<StoredHistory[]> {
  const publications = await sql(`
    select id, platform, status, attempts, retries_used as "retriesUsed", fence::float8 as fence, committed, absent_reads as "absentReads",
      reconcile_tries as "reconcileTries", waiting_reason as "waitingReason", told_wait as "toldWait", platform_post_id as "platformPostId", url,
      part_count as "partCount", coalesce(parts, '[]') as parts,
      error ->> 'code' as "errorCode", lease_until is not null as "hasLease", intent_at is not null as "hasIntent",
      evidence is not null as "hasEvidence", in_doubt_since is not null as "isInDoubt"
    from publications order by id`);
  const events = await grouped<StoredEvent>(
    sql(`select publication_id as "publicationId", type, message, data, ${ms('at')} as "atMs" from events
      where publication_id is not null order by id`),
  );
  const attempts = await grouped<StoredAttempt>(
    sql(`select publication_id as "publicationId", number, fence::float8 as fence, ${ms('started_at')} as "startedAtMs", outcome
      from attempts order by number`),
  );
  const steps = await grouped<StoredStep>(
    sql(`select publication_id as "publicationId", name, effect, keyed_at is not null as keyed, done_at is not null as done
      from publication_steps order by name`),
  );
  return publications.map((publication) => {
    const { id, platform, ...row } = publication as unknown as { id: string; platform: string } & StoredRow;
    return {
      id,
      platform,
      row,
      events: events.get(id) ?? [],
      attempts: attempts.get(id) ?? [],
      steps: steps.get(id) ?? [],
    };
  });
}

async function grouped<Row>(reading: Promise<Record<string, unknown>[]>): Promise<Map<string, Row[]>> {
  const byId = new Map<string, Row[]>();
  for (const { publicationId, ...row } of await reading) {
    const id = String(publicationId);
    const rows = byId.get(id) ?? [];
    rows.push(row as Row);
    byId.set(id, rows);
  }
  return byId;
}
