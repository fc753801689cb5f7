import type { Rewind } from './breakable-postgres.ts';
import type { ChaosAccount, History, Operation, VisiblePost } from './history.ts';

/**
 * What a database that went back in time takes away, as docs/failure-modes.md says: whatever clients were told in between may hold or not.
 * Nothing else is forgiven: what went out meanwhile must not go out again.
 */
export function withRewinds(history: History): History {
  const { rewinds = [] } = history;
  if (rewinds.length === 0) return history;
  return {
    ...history,
    operations: history.operations.map((operation) =>
      mayBeUndone(operation, rewinds) ? inDoubt(operation) : operation,
    ),
    stops: history.stops.filter(
      ({ heldFromMs }) => !rewinds.some(({ fromMs, untilMs }) => heldFromMs >= fromMs && heldFromMs <= untilMs),
    ),
  };
}

function mayBeUndone({ startedAtMs, endedAtMs }: Operation, rewinds: readonly Rewind[]): boolean {
  return rewinds.some(({ fromMs, untilMs }) => endedAtMs >= fromMs && startedAtMs <= untilMs);
}

function inDoubt({ canceledAccountIds: _canceled, ...operation }: Operation): Operation {
  return operation.result === 'ok' ? { ...operation, result: 'unknown' } : operation;
}

/** A send and what is counted of it may lie on both sides of a rewind. */
const sendMsMax = 60_000;

/**
 * Whether the post was on its way around a rewind: its attempts are counted anew then.
 * @param lines what is visible of it, however late
 */
export function isAround(
  { rewinds = [], operatorCancels = [] }: Pick<History, 'rewinds' | 'operatorCancels'>,
  operations: readonly Operation[],
  lines: readonly VisiblePost[],
): boolean {
  const tokens = new Set(operations.map(({ token }) => token));
  const moments = [
    ...operations.flatMap(({ startedAtMs, endedAtMs, dueAtMs }) => [startedAtMs, endedAtMs, dueAtMs ?? endedAtMs]),
    ...lines.map(({ receivedAtMs }) => receivedAtMs),
    ...operatorCancels.filter(({ token }) => tokens.has(token)).map(({ atMs }) => atMs),
  ];
  return rewinds.some(
    ({ fromMs, untilMs }) => Math.max(...moments) >= fromMs - sendMsMax && Math.min(...moments) <= untilMs + sendMsMax,
  );
}

/** Whether it may have been sent and then forgotten before the last of these was asked for: that one was told what the database still knew. */
export function wasForgotten(
  { rewinds = [] }: Pick<History, 'rewinds'>,
  { receivedAtMs }: Pick<VisiblePost, 'receivedAtMs'>,
  asked: readonly Pick<Operation, 'endedAtMs'>[],
): boolean {
  return rewinds.some(
    ({ fromMs, untilMs }) =>
      receivedAtMs >= fromMs - sendMsMax &&
      receivedAtMs <= untilMs &&
      asked.some(({ endedAtMs }) => endedAtMs >= fromMs),
  );
}

/** The operator has called it off after a rewind, as the platform showed it, or a copy of it elsewhere, already. */
export function isCalledOff(
  { operatorCancels = [] }: Pick<History, 'operatorCancels'>,
  token: string,
  { accountId }: Pick<ChaosAccount, 'accountId'>,
): boolean {
  return operatorCancels.some((each) => each.token === token && each.accountId === accountId);
}
