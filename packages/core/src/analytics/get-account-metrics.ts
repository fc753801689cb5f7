import type { AccountMetrics } from '@vibetribe/contracts/analytics';
import { isoInstant } from '@vibetribe/db/iso-instant';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { findAccount } from '../accounts/read/get-account.ts';
import type { Actor } from '../actor.ts';
import type { CoreDependencies } from '../core-dependencies.ts';
import { cutPage } from '../cut-page.ts';
import { requireRight } from '../identity/authorize.ts';
import { periodOf } from './analytics-period.ts';
import {
  accountOnly,
  isAsked,
  metricValueColumns,
  metricValueFields,
  notGiven,
  stateOf,
  SubjectState,
} from './present-metrics.ts';

/** Where a page ended. */
export interface MetricCursor {
  readonly capturedAtMicros: string;
  readonly metric: string;
}

export interface GetAccountMetrics {
  readonly accountId: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
  readonly after: MetricCursor | null;
}

const subjectColumns = {
  id: column.number,
  state: SubjectState,
  denied: column.textOrNull,
  readAt: column.textOrNull,
  nextReadAt: column.textOrNull,
};

/** How an account's own numbers went. @throws DomainError `not_found`, `validation_failed` */
export async function getAccountMetrics(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'metricsMonthlyUsd' | 'clock'>,
  actor: Actor,
  { accountId, limit, after, ...asked }: GetAccountMetrics,
): Promise<Omit<AccountMetrics, 'nextCursor'> & { readonly next: MetricCursor | null }> {
  requireRight(actor, 'accounts:read');
  const { platform } = await findAccount(deps, actor, accountId);
  const { from, to } = periodOf(asked, deps.clock.now());
  return deps.db.asTenant(actor.organizationId, async (tx) => {
    const [subject] = await queryRows(tx, subjectColumns)`
      select id::float8 as "id", state, account_denied as denied, ${isoInstant('read_at')} as "readAt", ${isoInstant('due_at')} as "nextReadAt"
      from metric_subjects where organization_id = ${actor.organizationId} and account_id = ${accountId} and publication_id is null`;
    const rows =
      subject === undefined
        ? []
        : await queryRows(tx, { ...metricValueColumns, capturedAtMicros: column.text })`
          select ${metricValueFields}, (extract(epoch from n.captured_at) * 1000000)::bigint::text as "capturedAtMicros"
          from metric_snapshots n join metric_definitions d on d.id = n.definition_id
          where n.subject_id = ${subject.id} and n.captured_at >= ${from.toISOString()}::timestamptz and n.captured_at < ${to.toISOString()}::timestamptz
            and ${afterCursor(after)}
          order by n.captured_at, d.metric limit ${limit + 1}`;
    const latest =
      subject === undefined
        ? []
        : await queryRows(tx, { metric: metricValueColumns.metric })`
          select metric from metric_latest where subject_id = ${subject.id}`;
    const told = stateOf(deps, {
      platform,
      asked: 'account',
      state: subject?.state ?? null,
      denied: subject?.denied ?? null,
    });
    const page = cutPage(rows, limit);
    const last = page.hasMore ? page.items.at(-1) : undefined;
    return {
      accountId,
      platform,
      ...told,
      readAt: subject?.readAt ?? null,
      nextReadAt: isAsked(told.state) ? (subject?.nextReadAt ?? null) : null,
      notGiven: notGiven(accountOnly, told.state, new Set(latest.map(({ metric }) => metric))),
      items: page.items.map(({ capturedAtMicros: _micros, ...value }) => value),
      next: last === undefined ? null : { capturedAtMicros: last.capturedAtMicros, metric: last.metric },
    };
  });
}

function afterCursor(after: MetricCursor | null) {
  if (after === null) return sql`true`;
  return sql`(n.captured_at, d.metric) > (timestamptz 'epoch' + ${after.capturedAtMicros}::bigint * interval '1 microsecond', ${after.metric})`;
}
