import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { OutcomeRecord } from './record-outcomes.ts';

type Report = OutcomeRecord['report'];

export interface PostOwners {
  /** The report as it counts: a post belongs to the first publication that is settled with it, and proves nothing for another one. */
  receive(record: OutcomeRecord, quietMs: number): { readonly report: Report; readonly isTaken: boolean };
}

/**
 * Which publications the posts of these records belong to by now. Where a platform is asked by text, two equal posts may be taken for
 * each other: by two look-ups in the same moment, or by a look-up just before the answer to the send itself is written.
 */
export async function readPostOwners(tx: Transaction, records: readonly OutcomeRecord[]): Promise<PostOwners> {
  const wanted = records.flatMap(({ work, report }) => {
    const platformPostId = postIn(report);
    return platformPostId === null ? [] : [{ accountId: work.accountId, platformPostId }];
  });
  const owners = new Map(wanted.length === 0 ? [] : (await readOwners(tx, wanted)).map((row) => [keyOf(row), row.id]));
  return {
    receive({ work, report }, quietMs) {
      const platformPostId = postIn(report);
      if (platformPostId === null) return { report, isTaken: false };
      const key = keyOf({ accountId: work.accountId, platformPostId });
      const owner = owners.get(key) ?? work.publicationId;
      owners.set(key, owner);
      return owner === work.publicationId
        ? { report, isTaken: false }
        : { report: withoutPost(report, quietMs), isTaken: true };
    },
  };
}

interface Place extends Record<string, unknown> {
  readonly accountId: string;
  readonly platformPostId: string;
}

async function readOwners(tx: Transaction, wanted: readonly Place[]): Promise<(Place & { id: string })[]> {
  const { rows } = await tx.execute<Place & { id: string }>(sql`
    select p.id, p.account_id as "accountId", p.platform_post_id as "platformPostId" from publications p
    join jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as w("accountId" text, "platformPostId" text)
      on p.account_id = w."accountId" and p.platform_post_id = w."platformPostId" and p.platform_post_id is not null`);
  return rows;
}

function keyOf({ accountId, platformPostId }: Place): string {
  return `${accountId} ${platformPostId}`;
}

function postIn(report: Report): string | null {
  if (report.kind === 'finding') return report.finding.kind === 'found' ? report.finding.platformPostId : null;
  return report.outcome.kind === 'published' ? report.outcome.platformPostId : null;
}

function withoutPost(report: Report, quietMs: number): Report {
  const detail = 'The post that the platform named belongs to another publication.';
  if (report.kind === 'finding') {
    return { kind: 'finding', finding: { kind: 'no_answer', detail, retryAfterMs: null, needsReconnect: false } };
  }
  const fault = { category: 'unknown_outcome', code: 'post_taken', message: detail } as const;
  return { kind: 'outcome', outcome: { kind: 'unknown', fault, quietMs } };
}
