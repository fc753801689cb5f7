import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@vibetribe/resilience/clock';
import { sleep } from '@vibetribe/resilience/sleep';
import { createDeliveryLine, type DeliveryLine, type Listener, type MissedFrames } from './delivery-line.ts';
import type { Frame } from './frame.ts';

export interface FairDelivery extends Disposable {
  /** Passes frames on to the organization's listeners, in order, when it is their turn. */
  add(organizationId: string, frames: readonly Frame[]): void;
}

/** How long one organization is served before it is another one's turn, and how long all are before the process does something else. */
const sliceMs = 2;
const turnMs = 6;
const retryMs = 1_000;

/**
 * Delivers to the sockets of many organizations in turns: one with thousands of sockets and hundreds of events holds up neither the others
 * nor the rest of the process. What came in excess of what may wait is read from the log again.
 */
export function createFairDelivery({
  listeners,
  readMissed,
  clock,
  onError,
}: {
  readonly listeners: (organizationId: string) => ReadonlySet<Listener>;
  readonly readMissed: (organizationId: string, fromId: number) => Promise<MissedFrames>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly onError: (error: unknown) => void;
}): FairDelivery {
  const lines = new Map<string, DeliveryLine>();
  /** Those with work, in the order of their turns. */
  const ready = new Map<string, DeliveryLine>();
  const closing = new AbortController();
  let isServing = false;

  const wake = (organizationId: string, line: DeliveryLine) => {
    if (!line.hasWork()) return;
    ready.set(organizationId, line);
    if (isServing) return;
    isServing = true;
    void serveAll();
  };

  const serveAll = async () => {
    await nextTurn();
    let turnEndsAtMs = clock.monotonicMs() + turnMs;
    for (let [next] = ready; next !== undefined && !closing.signal.aborted; [next] = ready) {
      const [organizationId, line] = next;
      ready.delete(organizationId);
      serve(line, listeners(organizationId));
      if (line.hasWork()) ready.set(organizationId, line);
      else end(organizationId, line);
      if (clock.monotonicMs() < turnEndsAtMs) continue;
      await nextTurn();
      turnEndsAtMs = clock.monotonicMs() + turnMs;
    }
    isServing = false;
  };

  const serve = (line: DeliveryLine, all: ReadonlySet<Listener>) => {
    const sliceEndsAtMs = clock.monotonicMs() + sliceMs;
    do line.advance(all);
    while (line.hasWork() && clock.monotonicMs() < sliceEndsAtMs);
  };

  const end = (organizationId: string, line: DeliveryLine) => {
    const fromId = line.missedFromId();
    if (fromId === null || listeners(organizationId).size === 0) lines.delete(organizationId);
    else void readOn(organizationId, line, fromId);
  };

  const readOn = async (organizationId: string, line: DeliveryLine, fromId: number) => {
    line.startReading();
    try {
      line.takeMissed(await readMissed(organizationId, fromId));
    } catch (error) {
      onError(error);
      await sleep(retryMs, closing.signal).catch(() => undefined);
    }
    if (closing.signal.aborted) return;
    if (line.hasWork()) wake(organizationId, line);
    else end(organizationId, line);
  };

  return {
    add(organizationId, frames) {
      if (closing.signal.aborted || listeners(organizationId).size === 0) return;
      const line = lines.get(organizationId) ?? createDeliveryLine();
      lines.set(organizationId, line);
      line.take(frames);
      wake(organizationId, line);
    },
    [Symbol.dispose]() {
      closing.abort();
    },
  };
}
