import type { PublicationWork } from '@vibetribe/core/publishing/claim/publication-work';
import type { Transition } from '@vibetribe/core/publishing/state/transition';
import type { Metrics } from '@vibetribe/observability/metrics';

/** Counts what became of a publication, and how late it went out. */
export function countOutcome(
  metrics: Metrics,
  { work, transition }: { work: PublicationWork; transition: Transition },
): void {
  const { platform } = work;
  if (transition.kind === 'refused') {
    metrics.countPublication({ platform, outcome: 'superseded' });
    return;
  }
  metrics.countPublication({ platform, outcome: transition.state.status });
  const { publishedAtMs, scheduledAtMs, status } = transition.state;
  if (status !== 'published' || publishedAtMs === null || scheduledAtMs === null) return;
  metrics.observeLateness({ platform, lateByMs: Math.max(0, publishedAtMs - scheduledAtMs) });
}
