import { expect, test, vi } from 'vitest';
import { createSignals } from './create-signals.ts';

function recordingBus() {
  const published: string[] = [];
  return { published, publish: async (channel: string) => void published.push(channel) };
}

test('a hint after a quiet spell goes out at once, many hints become one more', async () => {
  const bus = recordingBus();
  await using signals = createSignals({ bus, onError: failTest });
  for (let count = 0; count < 500; count += 1) signals.eventsCommitted();
  signals.dispatchSoon();
  await vi.waitFor(() => expect(bus.published).toEqual(['events', 'dispatch', 'events']));
});

test('a hint that waits for its turn is not lost when the process stops', async () => {
  const bus = recordingBus();
  const signals = createSignals({ bus, onError: failTest });
  signals.dispatchSoon();
  signals.dispatchSoon();
  await signals[Symbol.asyncDispose]();
  expect(bus.published).toEqual(['dispatch', 'dispatch']);
});

test('a bus that fails disturbs nobody and is told of', async () => {
  const errors: unknown[] = [];
  const bus = { publish: () => Promise.reject(new Error('away')) };
  await using signals = createSignals({ bus, onError: (error) => errors.push(error) });
  signals.eventsCommitted();
  await vi.waitFor(() => expect(errors).toHaveLength(1));
});

function failTest(error: unknown): void {
  throw error;
}
