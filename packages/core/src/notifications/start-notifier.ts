import { startLoop } from '@vibetribe/resilience/loop';
import type { CoreDependencies } from '../core-dependencies.ts';
import { createMessenger } from './create-messenger.ts';
import { feedMessages, type FeedSettings } from './feed-messages.ts';
import type { MessageSettings } from './send-messages.ts';
import { watchOutages } from './watch-outages.ts';

type NotifierDependencies = Pick<CoreDependencies, 'db' | 'keyRing' | 'adapters' | 'clock' | 'logger' | 'signals'>;
export type NotifierSettings = FeedSettings & MessageSettings;

const intervalMs = 2_000;

/** Tells members what happens, over the channels and at the times that they chose, until disposed. Any number of processes may. */
export function startNotifier(deps: NotifierDependencies, settings: NotifierSettings): AsyncDisposable {
  const onError = (error: unknown) => deps.logger.warn({ err: error }, 'members could not be told; they will be');
  const messenger = createMessenger(deps, settings, () => messages.wake());
  const feed = startLoop({
    name: 'notifier',
    intervalMs,
    async runOnce(signal) {
      await feedOnce(deps, settings, signal);
      messages.wake();
    },
    onError,
  });
  const messages = startLoop({
    name: 'messages',
    intervalMs,
    async runOnce(signal) {
      if (!signal.aborted && (await messenger.begin()) > 0) messages.wake();
    },
    onError,
  });
  return {
    async [Symbol.asyncDispose]() {
      await feed[Symbol.asyncDispose]();
      await messages[Symbol.asyncDispose]();
      await messenger.idle();
    },
  };
}

/** One turn, until everything that is due has been tried. */
export async function notifyOnce(deps: NotifierDependencies, settings: NotifierSettings): Promise<void> {
  await feedOnce(deps, settings);
  const messenger = createMessenger(deps, settings);
  while ((await messenger.begin()) > 0) await messenger.idle();
}

async function feedOnce(deps: NotifierDependencies, settings: NotifierSettings, signal?: AbortSignal): Promise<void> {
  await watchOutages(deps);
  while (signal?.aborted !== true && (await feedMessages(deps, settings)));
}
