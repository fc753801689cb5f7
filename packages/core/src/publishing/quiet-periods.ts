import type { PlatformAdapter } from '@vibetribe/platforms/adapter';
import type { ReconcilePolicy } from './publication-input.ts';
import type { PublishSettings } from './publish-settings.ts';

/** How long to leave a platform alone after a send in doubt, and how many looks make an absence. */
export function quietPeriods(adapter: Pick<PlatformAdapter, 'reconciliation'>, settings: PublishSettings): ReconcilePolicy {
  const { quietMs, absence } = adapter.reconciliation;
  return {
    quietMs: settings.reconcileQuietMs ?? quietMs,
    absentReadsRequired: absence.reads,
    absentSpacingMs: settings.reconcileQuietMs ?? absence.spacingMs,
  };
}
