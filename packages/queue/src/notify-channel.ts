/** Hints between processes: events were committed; something is due soon; sessions ended; people came, went or type; a task was asked for. */
export type BusChannel = 'events' | 'dispatch' | 'sessions' | 'live' | 'tasks';

/**
 * The PostgreSQL channel of a bus channel, for a transaction on the PostgreSQL backend that notifies by itself:
 * `select pg_notify(notifyChannel('events'), payload)` is delivered at its commit.
 */
export function notifyChannel(channel: BusChannel): string {
  return `vibetribe_${channel}`;
}
