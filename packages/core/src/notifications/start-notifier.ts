import { startLoop } from '@vibetribe/resilience/loop';
import type { CoreDependencies } from '../core-dependencies.ts';
import { feedMessages, type FeedSettings } from './feed-messages.ts';
import { type MessageSettings, sendMessages } from './send-messages.ts';
import { watchOutages } from './watch-outages.ts';

type NotifierDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'adapters' | 'clock' | 'logger' | 'signals'>;
export type NotifierSettings = FeedSettings & MessageSettings;

const intervalMs = 2_000;

/** Tells members what happens, over the channels and at the times that they chose, until disposed. Any number of processes may. */
export function startNotifier(deps: NotifierDependencies, settings: NotifierSettings): AsyncDisposable {
  return startLoop({
    name: 'notifier',
    intervalMs,
    runOnce: (signal) => notifyOnce(deps, settings, signal),
    onError: (error) => deps.logger.warn({ err: error }, 'members could not be told; they will be'),
  });
}

/** One turn. */
export async function notifyOnce(
  deps: NotifierDependencies,
  settings: NotifierSettings,
  signal?: AbortSignal,
): Promise<void> {
  await watchOutages(deps);
  const isStopped = () => signal?.aborted === true;
  while (!isStopped() && (await feedMessages(deps, settings)));
  while (!isStopped() && (await sendMessages(deps, settings)));
}
