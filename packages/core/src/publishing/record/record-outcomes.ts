import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { breakerKeyOf } from '../claim/claim-context.ts';
import { manualOptions } from './manual-options.ts';
import { lockPublications } from '../store/decide-and-write.ts';
import type { PublicationInput } from '../state/publication-input.ts';
import { positionOfPart, storedName } from '../claim/work-part.ts';
import { type PublicationRow, stateOf } from '../store/publication-row.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { readPostOwners } from './match-posts.ts';
import type { OutcomeRecord } from './outcome-record.ts';
import { quietPeriods } from './quiet-periods.ts';
import { transition } from '../state/reducer.ts';
import type { Transition } from '../state/transition.ts';
import { writeTransitions } from '../store/write-transitions.ts';

type RecordDependencies = Pick<CoreDependencies, 'db' | 'adapters' | 'failpoints'>;

/**
 * Writes outcomes: state, timeline, step results and attempt in one transaction, refused where the claim was lost meanwhile.
 * @param records one for each publication, at most
 */
export async function recordOutcomes(
  deps: RecordDependencies,
  settings: PublishSettings,
  records: readonly OutcomeRecord[],
): Promise<Transition[]> {
  const byId = new Map(records.map((record) => [record.work.publicationId, record]));
  const taken = await deps.db.asKeyedWorker(async (tx) => {
    const [rows, outages, owners] = await Promise.all([
      lockPublications(tx, [...byId.keys()]),
      readOutages(tx, records),
      readPostOwners(deps, tx, records),
    ]);
    const steps = rows.flatMap((row) => {
      const told = byId.get(row.id);
      if (told === undefined) return [];
      const { report, isTaken } = owners.receive(told, quietPeriods(deps, row.platform, settings).quietMs);
      const record = isTaken ? { ...told, report, results: [] } : told;
      return [{ row, record, transition: decide(deps, settings, row, record, outages) }];
    });
    const moved = steps.flatMap(({ row, record, transition: decided }) =>
      decided.kind === 'moved' ? [{ row, record, transition: decided }] : [],
    );
    await Promise.all([writeStepResults(tx, moved), writeTransitions(tx, moved)]);
    await deps.failpoints.reach('record:before_commit');
    return new Map(steps.map(({ row, transition: decided }) => [row.id, decided]));
  });
  await deps.failpoints.reach('record:after_commit');
  return records.map(({ work }) => taken.get(work.publicationId) ?? { kind: 'refused', reason: 'superseded' });
}

function decide(
  deps: RecordDependencies,
  settings: PublishSettings,
  row: PublicationRow,
  record: OutcomeRecord,
  outages: ReadonlyMap<string, Outage>,
): Transition {
  const { work, report } = record;
  const state = stateOf(row);
  const health = outages.get(breakerKeyOf(work.platform, work.account.service));
  const policy = {
    retryDelaysMs: settings.retryDelaysMs,
    jitter: record.jitter,
    outage: isOutage(health, state.firstFailedAtMs, work.claimedAtMs),
    manual: manualOptions(deps.adapters[work.platform], work, record.mediaUrls),
  };
  const position = positionOfPart(work, settings.claimLeaseMs);
  const fence = deps.failpoints.has('outcome_fence') ? work.fence : row.fence;
  const input: PublicationInput =
    report.kind === 'outcome'
      ? { type: 'outcome', fence, outcome: report.outcome, policy, ...position }
      : {
          type: 'finding',
          fence,
          finding: report.finding,
          policy: { ...policy, ...quietPeriods(deps, work.platform, settings) },
          ...position,
        };
  return transition(state, input, row.nowMs);
}

const outageColumns = {
  key: column.text,
  lastSuccessAtMs: column.numberOrNull,
  lastFailureAtMs: column.numberOrNull,
};
type Outage = RowOf<typeof outageColumns>;

/**
 * The platform failed during this very run and has answered nobody since this publication's first fault: the fault is the platform's, not
 * the post's. A run that fails without a call says nothing of the platform.
 */
function isOutage(health: Outage | undefined, firstFailedAtMs: number | null, claimedAtMs: number): boolean {
  if (health === undefined || firstFailedAtMs === null || health.lastFailureAtMs === null) return false;
  if (health.lastFailureAtMs < claimedAtMs) return false;
  return health.lastSuccessAtMs === null || health.lastSuccessAtMs < firstFailedAtMs;
}

async function readOutages(tx: Transaction, records: readonly OutcomeRecord[]): Promise<Map<string, Outage>> {
  const keys = [
    ...new Set(
      records
        .filter(({ report }) => mayRetry(report))
        .map(({ work }) => breakerKeyOf(work.platform, work.account.service)),
    ),
  ];
  if (keys.length === 0) return new Map();
  const rows = await queryRows(tx, outageColumns)`
    select key, floor(extract(epoch from last_success_at) * 1000)::float8 as "lastSuccessAtMs",
      floor(extract(epoch from last_failure_at) * 1000)::float8 as "lastFailureAtMs"
    from breakers where key = any(${sql.param(keys)}::text[])`;
  return new Map(rows.map((row) => [row.key, row]));
}

/** What becomes of it hangs on whether the platform is down. */
export function mayRetry(report: OutcomeRecord['report']): boolean {
  return report.kind === 'finding' || report.outcome.kind === 'retry';
}

/** Where the outcome is a definite refusal, the open step's key stays for the next send, which is then still the same one to the platform. */
async function writeStepResults(tx: Transaction, moved: readonly { record: OutcomeRecord }[]): Promise<void> {
  const results = moved.flatMap(({ record: { work, results: own } }) =>
    own.map(({ name, ...result }) => ({
      organizationId: work.organizationId,
      publicationId: work.publicationId,
      name: storedName(work, name),
      ...result,
    })),
  );
  if (results.length === 0) return;
  await tx.execute(sql`
    insert into publication_steps (organization_id, publication_id, name, effect, result, done_at)
    select r."organizationId", r."publicationId", r.name, r.effect, r.result, clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(results)}::jsonb) as r(
      "organizationId" text, "publicationId" text, name text, effect text, result jsonb)
    on conflict (publication_id, name) do update set result = excluded.result, done_at = excluded.done_at`);
}
