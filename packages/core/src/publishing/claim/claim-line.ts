import type { Transaction } from '@vibetribe/db/connect-database';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { PublishSettings } from '../publish-settings.ts';
import type { AccountLine, Ticket } from './account-lines.ts';
import type { ClaimContext } from './claim-context.ts';
import { type Claim, claimOne, type Gates, isEarly, isLeased } from './claim-one.ts';
import type { ClaimResult } from './claim-result.ts';

/** How soon the next of a line looks again for itself, should nobody let it go, ms. */
const heldLookMs = 300;

/** Whom to look at: nobody while one of the line is being sent, but those who are to be told that they wait. */
export function choose(
  { isBusy, isLimited, heads, tickets: own }: AccountLine,
  tickets: readonly Ticket[],
  { failpoints }: Pick<CoreDependencies, 'failpoints'>,
): readonly string[] {
  const ids = new Set(own.map(({ publicationId }) => publicationId));
  if (!failpoints.has('account_line')) return [...ids];
  if (isBusy && !isLimited) return [];
  const picks = tickets.flatMap(({ publicationId, picks: some }) => (ids.has(publicationId) ? [some] : []));
  const count = isLimited ? picks.reduce((sum, some) => sum + some, 0) : Math.max(...picks);
  return heads.slice(0, count).map(({ id }) => id);
}

/** In the order of the line: until one goes, or has to wait for the others' sake. */
export async function claimLine(
  tx: Transaction,
  deps: Pick<CoreDependencies, 'failpoints'>,
  settings: PublishSettings,
  { line, contexts }: { line: AccountLine; contexts: readonly ClaimContext[] },
  gates: Gates,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  let { isBusy } = line;
  let isHeldBack = false;
  for (const context of contexts) {
    const mustWait = isBusy && deps.failpoints.has('account_line');
    if (mustWait && !line.isLimited) break;
    if (isEarly(context) && (mustWait || isHeldBack)) continue;
    const claim = await claimOne(tx, deps, settings, context, gates, mustWait ? 'behind' : 'first');
    claims.push(claim);
    isBusy ||= isLeased(claim.taken);
    // What keeps the first of them back keeps the others back, too.
    isHeldBack ||= !isLeased(claim.taken);
  }
  return claims;
}

/** A ticket takes whatever its line has to give; the others of the line that have one learn that it is not their turn. */
export function lineResults(
  { line, claims }: { readonly line: AccountLine; readonly claims: readonly Claim[] },
  resultOf: (claim: Claim, isFollowed: boolean) => ClaimResult,
): [string, ClaimResult][] {
  const gone = claims.filter(({ taken }) => isLeased(taken));
  const seen = new Set(claims.map(({ context }) => context.row.id));
  const following = line.heads.filter(({ id }) => !seen.has(id));
  const given = gone.map((claim) => resultOf(claim, following.length > 0));
  const isFollowed = following.some(({ isDue }) => isDue);
  const hasMoved = claims.some(({ taken }) => taken.kind === 'moved' && !isLeased(taken));
  return line.tickets.map(({ publicationId, isEnded, isLeased: isHeld }) => {
    const result = given.shift();
    if (result !== undefined) return [publicationId, result];
    if (hasMoved) return [publicationId, { kind: 'waiting', isFollowed }];
    if (isEnded) return [publicationId, { kind: 'refused', reason: 'ended' }];
    if (isHeld) return [publicationId, { kind: 'refused', reason: 'leased' }];
    const isNext = line.isBusy && line.heads[0]?.id === publicationId;
    return [publicationId, { kind: 'refused', reason: 'held', ...(isNext ? { dueInMs: heldLookMs } : {}) }];
  });
}
