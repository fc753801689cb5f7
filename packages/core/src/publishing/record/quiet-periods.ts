import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { ReconcilePolicy } from '../state/publication-input.ts';
import type { PublishSettings } from '../publish-settings.ts';

/** How long to leave a platform alone after a send in doubt, and how many looks make an absence. */
export function quietPeriods(
  deps: Pick<CoreDependencies, 'adapters' | 'failpoints'>,
  platform: PlatformId,
  settings: PublishSettings,
): ReconcilePolicy {
  const { quietMs, absence } = deps.adapters[platform].reconciliation;
  if (!deps.failpoints.has('quiet_period')) return { quietMs: 0, absentReadsRequired: 1, absentSpacingMs: 0 };
  return {
    quietMs: settings.reconcileQuietMs ?? quietMs,
    absentReadsRequired: absence.reads,
    absentSpacingMs: settings.reconcileQuietMs ?? absence.spacingMs,
  };
}
