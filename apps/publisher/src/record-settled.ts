import type { PublicationWork } from '@vibetribe/core/publishing/claim/publication-work';
import type { Step } from '@vibetribe/core/publishing/state/transition';
import type { Metrics } from '@vibetribe/observability/metrics';

/** Counts what became of a publication, and how late it went out. */
export function recordSettled(metrics: Metrics, { work, step }: { work: PublicationWork; step: Step }): void {
  const { platform } = work;
  if (step.kind === 'refused') {
    metrics.countPublication({ platform, outcome: 'superseded' });
    return;
  }
  metrics.countPublication({ platform, outcome: step.state.status });
  const { publishedAtMs, scheduledAtMs, status } = step.state;
  if (status !== 'published' || publishedAtMs === null || scheduledAtMs === null) return;
  metrics.observeLateness({ platform, lateByMs: Math.max(0, publishedAtMs - scheduledAtMs) });
}
