import type { Signals } from './core-dependencies.ts';

/** Tells nobody, for tests in which nobody waits to be told. */
export const quietSignals: Signals = { eventsCommitted: () => undefined, dispatchSoon: () => undefined };
