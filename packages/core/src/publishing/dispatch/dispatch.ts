import type { CoreDependencies } from '../../core-dependencies.ts';
import { type ArmedPublication, armPublications, type ArmSettings } from './enqueue-due.ts';
import { expireLeases } from './expire-leases.ts';
import type { PublishSettings } from '../publish-settings.ts';

export interface DispatchTurn {
  readonly armed: number;
  readonly leasesExpired: number;
}

export const armSettings: ArmSettings = { lookAheadMs: 120_000, armedForMs: 12_000, backlogMin: 500, batchMax: 1_000 };

/**
 * One turn of the dispatcher and sweeper: takes over dead claims, then rings for what is due soon until nothing is left to arm.
 * A ring that fails is repaired by the arming's expiry.
 */
export async function dispatchOnce(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'signals' | 'probes'>,
  settings: PublishSettings,
  ring: (jobs: readonly ArmedPublication[]) => Promise<void>,
  signal: AbortSignal,
): Promise<DispatchTurn> {
  const leasesExpired = await expireLeases(deps, settings);
  let armedCount = 0;
  while (!signal.aborted) {
    const armed = await armPublications(deps, armSettings);
    if (armed.length === 0) break;
    await deps.probes.failpoint('dispatch:before_ring');
    await ring(armed);
    await deps.probes.failpoint('dispatch:after_ring');
    armedCount += armed.length;
  }
  return { armed: armedCount, leasesExpired };
}
