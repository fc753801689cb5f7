import type { CoreDependencies } from '../../core-dependencies.ts';
import { enqueueChanges } from '../changes/enqueue-changes.ts';
import { type DuePublication, enqueueDue, type EnqueueSettings } from './enqueue-due.ts';
import { expireLeases } from './expire-leases.ts';
import type { PublishSettings } from '../publish-settings.ts';

export interface DispatchTurn {
  readonly enqueued: number;
  readonly leasesExpired: number;
}

export const enqueueSettings: EnqueueSettings = {
  lookAheadMs: 120_000,
  enqueuedForMs: 12_000,
  backlogMin: 500,
  batchMax: 1_000,
};

/**
 * One turn of the dispatcher and sweeper: takes over dead claims, then enqueues what is due soon until nothing is left.
 * Jobs that could not be added are enqueued again when `enqueued_until` has passed.
 */
export async function dispatchOnce(
  deps: Pick<CoreDependencies, 'db' | 'adapters' | 'signals' | 'failpoints'>,
  settings: PublishSettings,
  enqueue: (jobs: readonly DuePublication[]) => Promise<void>,
  signal: AbortSignal,
): Promise<DispatchTurn> {
  const leasesExpired = await expireLeases(deps, settings);
  const changes = await enqueueChanges(deps, enqueueSettings);
  if (changes.length > 0) await enqueue(changes);
  let enqueuedCount = changes.length;
  while (!signal.aborted) {
    const due = await enqueueDue(deps, enqueueSettings);
    if (due.length === 0) break;
    await deps.failpoints.reach('dispatch:before_enqueue');
    await enqueue(due);
    await deps.failpoints.reach('dispatch:after_enqueue');
    enqueuedCount += due.length;
  }
  return { enqueued: enqueuedCount, leasesExpired };
}
