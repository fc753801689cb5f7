import type { Database } from '@vibetribe/db/connect-database';
import type { Bus } from '@vibetribe/queue/bus';
import { startLoop } from '@vibetribe/resilience/loop';
import { sleep } from '@vibetribe/resilience/sleep';
import type { EventCursor } from './event-cursor.ts';
import { readEnd, readEvents, type LoggedEvent } from './read-events.ts';

/** How often the log is looked at although nobody rang. */
const pollIntervalMs = 1_000;
/** How soon again where events are committed but an older transaction is still running. */
const pendingIntervalMs = 25;
const batchMax = 500;

export interface EventFeed extends AsyncDisposable {
  /** The last event that was passed on. */
  position(): EventCursor;
}

/**
 * Follows the event log from its present end, in order, without gaps, each event once. `onEvents` is called again with the
 * same events if it fails.
 */
export async function startEventFeed({
  db,
  bus,
  onEvents,
  onError,
}: {
  readonly db: Pick<Database, 'asWorker'>;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly onEvents: (events: readonly LoggedEvent[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}): Promise<EventFeed> {
  let cursor = await db.asWorker(readEnd);

  const followOnce = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const { events, hasMore, hasUnreadable } = await db.asWorker((tx) => readEvents(tx, cursor, batchMax));
      const last = events.at(-1);
      if (last !== undefined) {
        await onEvents(events);
        cursor = last.cursor;
      }
      if (hasMore) continue;
      if (!hasUnreadable) return;
      await sleep(pendingIntervalMs, signal);
    }
  };

  await using starting = new AsyncDisposableStack();
  const loop = starting.use(
    startLoop({ name: 'event feed', intervalMs: pollIntervalMs, runOnce: followOnce, onError }),
  );
  const wake = () => loop.wake();
  starting.use(await bus.subscribe('events', wake, wake));
  const running = starting.move();
  return { position: () => cursor, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
