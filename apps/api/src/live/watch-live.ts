import type { Metrics } from '@vibetribe/observability/metrics';
import type { LiveHub } from './live-hub.ts';

/** Shows in the metrics what this process's sockets and event feed are at. */
export function watchLive(metrics: Pick<Metrics, 'watch'>, live: Pick<LiveHub, 'sockets' | 'heldUpForMs'>): void {
  metrics.watch({ name: 'vibetribe_live_sockets', help: 'WebSockets of this process.', read: () => live.sockets() });
  metrics.watch({
    name: 'vibetribe_events_held_up_seconds',
    help: 'How long committed events have been waiting for a transaction that began to write events before them.',
    read: () => live.heldUpForMs() / 1000,
  });
}
