import type { Signals } from './core-dependencies.ts';

export interface SignalBus {
  publish(channel: 'events' | 'dispatch', payload: string): Promise<void>;
}

const quietMs = 15;

/**
 * Hints over the bus: the first one after a quiet spell goes out at once, those of the next 15 ms go out as one at its end.
 * A hint that the bus cannot carry goes to `onError` and is dropped.
 */
export function createSignals({
  bus,
  onError,
}: {
  readonly bus: SignalBus;
  readonly onError: (error: unknown) => void;
}): Signals & AsyncDisposable {
  const events = createNotifier(() => bus.publish('events', ''), onError);
  const dispatch = createNotifier(() => bus.publish('dispatch', ''), onError);
  return {
    eventsCommitted: () => events.notify(),
    dispatchSoon: () => dispatch.notify(),
    async [Symbol.asyncDispose]() {
      await Promise.all([events.close(), dispatch.close()]);
    },
  };
}

function createNotifier(publish: () => Promise<void>, onError: (error: unknown) => void) {
  let timer: NodeJS.Timeout | null = null;
  let isWanted = false;
  let lastPublish: Promise<void> = Promise.resolve();

  const send = () => {
    isWanted = false;
    lastPublish = Promise.resolve().then(publish).catch(onError);
    timer = setTimeout(endQuiet, quietMs);
  };
  const endQuiet = () => {
    timer = null;
    if (isWanted) send();
  };

  return {
    notify() {
      if (timer === null) send();
      else isWanted = true;
    },
    async close() {
      if (isWanted) send();
      if (timer !== null) clearTimeout(timer);
      await lastPublish;
    },
  };
}
