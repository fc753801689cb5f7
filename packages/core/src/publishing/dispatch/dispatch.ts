import type { CoreDependencies } from '../../core-dependencies.ts';
import { type DuePublication, enqueueDue, type EnqueueSettings } from './enqueue-due.ts';
import { expireLeases } from './expire-leases.ts';
import type { PublishSettings } from '../publish-settings.ts';

export interface DispatchTurn {
  readonly armed: number;
  readonly leasesExpired: number;
}

export const enqueueSettings: EnqueueSettings = {
  lookAheadMs: 120_000,
  enqueuedForMs: 12_000,
  backlogMin: 500,
  batchMax: 1_000,
};

/**
 * One turn of the dispatcher and sweeper: takes over dead claims, then rings for what is due soon until nothing is left to arm.
 * A ring that fails is repaired by the arming's expiry.
 */
export async function dispatchOnce(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'signals' | 'failpoints'>,
  settings: PublishSettings,
  ring: (jobs: readonly DuePublication[]) => Promise<void>,
  signal: AbortSignal,
): Promise<DispatchTurn> {
  const leasesExpired = await expireLeases(deps, settings);
  let enqueuedCount = 0;
  while (!signal.aborted) {
    const armed = await enqueueDue(deps, enqueueSettings);
    if (armed.length === 0) break;
    await deps.failpoints.reach('dispatch:before_enqueue');
    await ring(armed);
    await deps.failpoints.reach('dispatch:after_enqueue');
    enqueuedCount += armed.length;
  }
  return { armed: enqueuedCount, leasesExpired };
}
