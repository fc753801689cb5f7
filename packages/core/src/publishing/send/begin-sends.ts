import { column, queryRows } from '@vibetribe/db/query-rows';
import type { JsonValue } from '@vibetribe/platforms/port/json-value';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sharePauseLock } from '../../pauses/pause-lock.ts';
import { holdsBack } from '../../pauses/pause-row.ts';
import { pausedDetail } from '../claim/decide-gate.ts';
import type { PublicationInput } from '../state/publication-input.ts';
import { lockPublications } from '../store/decide-and-write.ts';
import { type PublicationRow, stateOf } from '../store/publication-row.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import { positionOfPart, storedName } from '../claim/work-part.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { transition } from '../state/reducer.ts';
import { writeTransitions } from '../store/write-transitions.ts';

export interface SendIntent {
  readonly work: PublicationWork;
  readonly step: string;
  readonly key: JsonValue;
  /** The key of the sends before made another publication's post. */
  readonly replacesKey: boolean;
}

/**
 * When the send began: the intent is on disk and the lease is whole. Null: the claim was lost; nothing may be sent.
 * @param intents one for each publication, at most
 */
export async function beginSends(
  deps: Pick<CoreDependencies, 'db' | 'failpoints' | 'adapters'>,
  settings: PublishSettings,
  intents: readonly SendIntent[],
): Promise<(Date | null)[]> {
  if (!deps.failpoints.has('intent_before_send')) return intents.map(({ work }) => new Date(work.claimedAtMs));
  const byId = new Map(intents.map((intent) => [intent.work.publicationId, intent]));
  const begun = await deps.db.asKeyedWorker(async (tx) => {
    const ids = [...byId.keys()];
    const [, rows, pauses] = await Promise.all([
      holdOffPauses(tx, deps, intents),
      lockPublications(tx, ids),
      readPauses(tx, ids),
    ]);
    const times = await spreadTimes(
      tx,
      rows.filter(({ platform }) => deps.adapters[platform].sendTimesDiffer === true),
    );
    const decisions = rows.flatMap((row) => {
      const intent = byId.get(row.id);
      if (intent === undefined) return [];
      const atMs = times.get(row.id) ?? row.nowMs;
      const begun = transition(stateOf(row), intend(intent, settings), atMs);
      // Whoever may not begin is not held back either: a wait would close an intent that a database which went back in time has opened again.
      if (begun.kind !== 'moved') return [];
      const pause = pauses.get(row.id);
      if (pause === undefined)
        return [{ row, transition: begun, intent, sendingStep: storedName(intent.work, intent.step) }];
      const held = transition(stateOf(row), holdBack(intent, pause), atMs);
      return held.kind === 'moved' ? [{ row, transition: held, intent }] : [];
    });
    const moved = decisions.filter((decision) => 'sendingStep' in decision);
    await Promise.all([
      writeTransitions(tx, decisions),
      writeKeys(
        tx,
        moved.map(({ intent }) => intent),
      ),
    ]);
    await deps.failpoints.reach('intent:before_commit');
    return new Map(moved.map(({ row, transition: { state } }) => [row.id, state.intentAtMs ?? row.nowMs]));
  });
  await deps.failpoints.reach('intent:after_commit');
  return intents.map(({ work }) => {
    const atMs = begun.get(work.publicationId);
    return atMs === undefined ? null : new Date(atMs);
  });
}

/** Where a platform orders an account's posts by the time we give them, no two sends of an account begin in the same millisecond. */
async function spreadTimes(tx: Transaction, rows: readonly PublicationRow[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  if (rows.length === 0) return times;
  const accountIds = [...new Set(rows.map(({ accountId }) => accountId))].toSorted();
  for (const accountId of accountIds)
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`send times ${accountId}`}, 0))`);
  const last = await queryRows(tx, { accountId: column.text, atMs: column.number })`
    select account_id as "accountId", floor(extract(epoch from max(started_at)) * 1000)::float8 as "atMs" from attempts
    where account_id = any(${sql.param(accountIds)}::text[]) and started_at > statement_timestamp() - interval '1 minute'
    group by account_id`;
  const lastAtMs = new Map(last.map(({ accountId, atMs }) => [accountId, atMs]));
  for (const { id, accountId, nowMs } of rows) {
    const atMs = Math.max(nowMs, (lastAtMs.get(accountId) ?? 0) + 1);
    lastAtMs.set(accountId, atMs);
    times.set(id, atMs);
  }
  return times;
}

async function holdOffPauses(
  tx: Transaction,
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
  intents: readonly SendIntent[],
): Promise<void> {
  if (!failpoints.has('pause_lock')) return;
  await sharePauseLock(
    tx,
    intents.map(({ work }) => work.organizationId),
  );
}

/** A key that an earlier send was made under is kept, unless it is spent: the next one is then the same one to the platform. */
async function writeKeys(tx: Transaction, intents: readonly SendIntent[]): Promise<void> {
  if (intents.length === 0) return;
  const keys = intents.map(({ work, step: name, key, replacesKey }) => ({
    organizationId: work.organizationId,
    publicationId: work.publicationId,
    name: storedName(work, name),
    key,
    replacesKey,
  }));
  if (keys.some(({ replacesKey }) => replacesKey))
    await tx.execute(sql`
      delete from publication_steps s using jsonb_to_recordset(${JSON.stringify(keys)}::jsonb)
        as k("publicationId" text, name text, "replacesKey" boolean)
      where s.publication_id = k."publicationId" and s.name = k.name and k."replacesKey" and s.done_at is null`);
  await tx.execute(sql`
    insert into publication_steps (organization_id, publication_id, name, effect, key, keyed_at)
    select k."organizationId", k."publicationId", k.name, 'once', k.key, clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k("organizationId" text, "publicationId" text, name text, key jsonb)
    on conflict (publication_id, name) do nothing`);
}

function intend({ work }: SendIntent, settings: PublishSettings): PublicationInput {
  const leaseMs = settings.claimLeaseMs;
  return { type: 'intend', fence: work.fence, leaseMs, ...positionOfPart(work, leaseMs) };
}

function holdBack({ work }: SendIntent, reason: string): PublicationInput {
  const outcome = { kind: 'wait', reason: 'paused', retryAfterMs: null, detail: pausedDetail(reason) } as const;
  return {
    type: 'outcome',
    fence: work.fence,
    outcome,
    policy: { retryDelaysMs: [], jitter: 0, outage: false, manual: null },
  };
}

/** Pauses that came after the claim: read by a statement of its own, so that one committed by now is seen. */
async function readPauses(tx: Transaction, ids: readonly string[]): Promise<Map<string, string>> {
  const paused = await queryRows(tx, { id: column.text, reason: column.text })`
    select p.id, s.reason from pauses s join publications p on ${holdsBack}
    where p.id = any(${sql.param(ids)}::text[])`;
  return new Map(paused.map(({ id, reason }) => [id, reason]));
}
