import { readEvents, readHorizon, type LoggedEvent } from '@vibetribe/core/events/read-events';
import type { Database } from '@vibetribe/db/connect-database';
import type { Bus } from '@vibetribe/queue/bus';
import type { Clock } from '@vibetribe/resilience/clock';
import { startLoop } from '@vibetribe/resilience/loop';
import { createHeldUpWatch } from './held-up-watch.ts';

/** How often the log is looked at although nobody notified. */
const pollIntervalMs = 1_000;
const batchMax = 500;

export interface EventFeed extends AsyncDisposable {
  /** The id up to which the log was passed on. */
  position(): number;
  /** How long committed events have been waiting for a transaction that has begun to write events before them; 0 when none wait. */
  heldUpForMs(): number;
}

/**
 * Follows the event log from its present end, in order, without gaps, each event once. `onEvents` is called again with the
 * same events if it fails.
 */
export async function startEventFeed({
  db,
  bus,
  clock,
  onEvents,
  onHeldUp,
  onError,
}: {
  readonly db: Pick<Database, 'asWorker'>;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly onEvents: (events: readonly LoggedEvent[]) => Promise<void>;
  /** Told again and again while committed events have been waiting for long. */
  readonly onHeldUp: (heldUpForMs: number) => void;
  readonly onError: (error: unknown) => void;
}): Promise<EventFeed> {
  let position = await db.asWorker(readHorizon);
  const watch = createHeldUpWatch(clock, pollIntervalMs);
  let nextLook: NodeJS.Timeout | undefined;

  const lookAgain = () => {
    const { lookInMs, isWorthTelling } = watch.heldUp();
    clearTimeout(nextLook);
    nextLook = setTimeout(() => loop.wake(), lookInMs);
    if (isWorthTelling) onHeldUp(watch.heldUpForMs());
  };

  const followOnce = async (signal: AbortSignal) => {
    let hasMore = true;
    while (hasMore && !signal.aborted) {
      const page = await db.asWorker((tx) => readEvents(tx, { afterId: position, limit: batchMax }));
      const last = page.events.at(-1);
      if (last !== undefined) {
        await onEvents(page.events);
        position = last.cursor.id;
      }
      if (last !== undefined || !page.isHeldUp) watch.cleared();
      if (page.isHeldUp && !page.hasMore) lookAgain();
      hasMore = page.hasMore;
    }
  };

  await using starting = new AsyncDisposableStack();
  starting.defer(() => clearTimeout(nextLook));
  const loop = starting.use(
    startLoop({ name: 'event feed', intervalMs: pollIntervalMs, runOnce: followOnce, onError }),
  );
  const wake = () => loop.wake();
  starting.use(await bus.subscribe('events', wake, wake));
  const running = starting.move();
  return {
    position: () => position,
    heldUpForMs: () => watch.heldUpForMs(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
