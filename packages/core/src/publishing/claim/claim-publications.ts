import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublishSettings } from '../publish-settings.ts';
import { writeTransitions } from '../store/write-transitions.ts';
import { createAccountLimit } from './account-limit.ts';
import { type AccountLine, readAccountLines, type Ticket } from './account-lines.ts';
import { createAppLimit } from './app-limit.ts';
import { createBurstGuard } from './burst-guard.ts';
import { type ClaimContext, readClaimContext } from './claim-context.ts';
import { choose, claimLine, lineResults } from './claim-line.ts';
import { type Claim, claimOne, isLeased } from './claim-one.ts';
import { type ClaimResult, refusalOf } from './claim-result.ts';
import { readSteps, workOf } from './claimed-work.ts';
import { notePresence } from './presence.ts';

type ClaimDependencies = Pick<
  CoreDependencies,
  'db' | 'postsPerHour' | 'appPostsPerDay' | 'adapters' | 'failpoints' | 'clock'
>;

/**
 * Takes publications for this publisher: of each line of an account, the one whose turn it is. Each gets a lease and a higher fence, in one
 * transaction for the whole batch. The database's clock decides what is due. The gates (pause, token, lateness, breaker, limit) are read
 * under the locks of the rows they concern.
 * @param checkHistory may refuse the transaction's connection before anything is claimed
 */
export async function claimPublications(
  deps: ClaimDependencies,
  settings: PublishSettings,
  owner: string,
  tickets: readonly Ticket[],
  checkHistory: (tx: Transaction) => Promise<void> = async () => undefined,
): Promise<ClaimResult[]> {
  const results = await deps.db.asKeyedWorker(async (tx) => {
    const [, , { lines, alone }] = await Promise.all([
      checkHistory(tx),
      lockAccounts(tx, tickets),
      readAccountLines(tx, tickets),
    ]);
    const chosen = lines.map((line) => ({ line, ids: choose(line, tickets, deps) }));
    const ids = [...alone, ...chosen.flatMap((each) => each.ids)];
    const [, read, steps] = await Promise.all([lockRows(tx, ids), readClaimContext(tx, ids), readSteps(tx, ids)]);
    const contexts = read.map((context) => withClock(deps, context));
    const byId = new Map(contexts.map((context) => [context.row.id, context]));
    const contextsOf = (some: readonly string[]) => some.flatMap((id) => byId.get(id) ?? []);
    const rates = await createAccountLimit(tx, deps.postsPerHour, contexts);
    const apps = await createAppLimit(tx, deps.appPostsPerDay, contexts);
    const bursts = createBurstGuard(tx, settings.burstGuard);
    const gates = { rates, apps, bursts };
    const claims: Claim[] = [];
    const inLine: { line: AccountLine; claims: readonly Claim[] }[] = [];
    // The oldest first: who comes first may be the breaker's probe.
    const turns = [...alone.map((id) => ({ line: null, ids: [id] })), ...chosen];
    for (const { line, ids: own } of turns.toSorted(byFirstId)) {
      if (line === null)
        for (const context of contextsOf(own)) claims.push(await claimOne(tx, deps, settings, context, gates));
      else
        inLine.push({ line, claims: await claimLine(tx, deps, settings, { line, contexts: contextsOf(own) }, gates) });
    }
    await apps.save();
    const moves = [...claims, ...inLine.flatMap((each) => each.claims)].flatMap(({ context, taken }) =>
      taken.kind === 'moved' ? [{ row: context.row, transition: taken, leaseOwner: owner }] : [],
    );
    await writeTransitions(tx, moves);
    const [first] = contexts;
    if (first !== undefined) await notePresence(tx, first, first.row.nowMs);
    if (moves.length > 0) await deps.failpoints.reach('claim:before_commit');
    const resultOf = ({ context, taken }: Claim, isFollowed = false): ClaimResult => {
      if (taken.kind === 'refused') return refusalOf(context, taken.reason);
      if (!isLeased(taken)) return { kind: 'waiting', isFollowed };
      return { kind: 'claimed', work: workOf(deps, context, taken, steps.get(context.row.id) ?? []), isFollowed };
    };
    return new Map([
      ...claims.map((claim): [string, ClaimResult] => [claim.context.row.id, resultOf(claim)]),
      ...inLine.flatMap((each) => lineResults(each, resultOf)),
    ]);
  });
  // A duplicate job, left by a publisher that died, claims nothing.
  if ([...results.values()].some(({ kind }) => kind === 'claimed')) await deps.failpoints.reach('claim:after_commit');
  return tickets.map(({ publicationId }) => results.get(publicationId) ?? { kind: 'refused', reason: 'unknown' });
}

function byFirstId(one: { ids: readonly string[] }, other: { ids: readonly string[] }): number {
  return (one.ids[0] ?? '') < (other.ids[0] ?? '') ? -1 : 1;
}

/** The database's clock decides; only the ablation looks at this machine's. */
function withClock(deps: ClaimDependencies, context: ClaimContext): ClaimContext {
  if (deps.failpoints.has('database_clock')) return context;
  return { ...context, row: { ...context.row, nowMs: deps.clock.now().getTime() } };
}

/** Limits are counted per account: claims of one account wait for each other, so that two publishers cannot both take the last permit. */
async function lockAccounts(tx: Transaction, tickets: readonly Ticket[]): Promise<void> {
  const ids = tickets.map(({ publicationId }) => publicationId);
  await tx.execute(sql`
    select 1 from accounts a
    where a.id in (select p.account_id from publications p where p.id = any(${sql.param(ids)}::text[]))
    order by a.id for no key update`);
}

/** In the order in which every mover locks them. */
async function lockRows(tx: Transaction, ids: readonly string[]): Promise<void> {
  await tx.execute(
    sql`select 1 from publications p where p.id = any(${sql.param(ids)}::text[]) order by p.id for update of p`,
  );
}
