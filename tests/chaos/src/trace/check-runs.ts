import { adapters } from '@vibetribe/platforms/registry';
import type { Violation } from '../violation.ts';
import { replayHistory } from './replay-history.ts';
import type { StoredEvent, StoredHistory } from './stored-history.ts';

/** Nobody reads more than that. */
const entriesMax = 400;

/** Each stored history must be a run of the state machine, told in whole sentences. */
export function checkRuns(histories: readonly StoredHistory[], retryDelaysMs: readonly number[]): Violation[] {
  return histories.flatMap((history) => {
    const { reads } = adapters[history.platform as keyof typeof adapters].reconciliation.absence;
    const found = replayHistory(history, { retryDelaysMs, absentReadsRequired: reads });
    const details = [
      ...(found === null ? [] : [found]),
      ...history.events.filter(isCutOff).map(({ message }) => `a sentence without an end: "${message}"`),
      ...(history.events.length > entriesMax ? [`${history.events.length} entries`] : []),
    ];
    return details.map((detail) => ({ kind: 'not_a_run', token: history.id, accountId: null, detail }) as const);
  });
}

/** An address at the end stands without a full stop, so that it can be followed. */
function isCutOff({ message }: StoredEvent): boolean {
  return !/[.?!…]["”’)]?$|https?:\/\/\S+$/u.test(message);
}
