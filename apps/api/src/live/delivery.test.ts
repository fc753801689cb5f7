import { waitFor } from '@vibetribe/testkit/wait-for';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDeliveryLine, type Listener } from './delivery-line.ts';
import { createFairDelivery } from './fair-delivery.ts';
import type { Frame, LoggedFrame, PassingFrame } from './frame.ts';

const logged = (id: number, bytes = 10): LoggedFrame => ({
  eventId: id,
  accountIds: [],
  rooms: [],
  bytes: Buffer.alloc(bytes),
});
const passing: PassingFrame = { eventId: null, rooms: [], aboutId: 'c', bytes: Buffer.alloc(10) };
const idsOf = (frames: readonly Frame[]) => frames.flatMap(({ eventId }) => eventId ?? []);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

/** A socket that remembers what it got. */
class StandInListener implements Listener {
  readonly got: number[] = [];
  deliver(frames: readonly Frame[]): void {
    this.got.push(...idsOf(frames));
  }
}

describe('a line', () => {
  test('has every event of the log for every listener in order, however much comes at once, and keeps little of it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.boolean(), { maxLength: 60 }),
        (bursts, turns) => {
          const line = createDeliveryLine();
          const listeners = [new StandInListener(), new StandInListener()];
          const log: LoggedFrame[] = [];
          const readOn = () => {
            const fromId = line.missedFromId();
            if (line.hasWork() || fromId === null) return;
            line.startReading();
            const after = log.filter(({ eventId }) => eventId > fromId).slice(0, 200);
            line.takeMissed({ frames: after, lastId: after.at(-1)?.eventId ?? fromId, hasMore: after.length === 200 });
          };
          for (const burst of bursts) {
            const frames = upTo(burst).map((number) => logged(log.length + number));
            log.push(...frames);
            line.take([passing, ...frames]);
            for (const isServed of turns) if (isServed && line.hasWork()) line.advance(listeners);
            readOn();
          }
          while (line.hasWork() || line.missedFromId() !== null) {
            while (line.hasWork()) line.advance(listeners);
            readOn();
          }
          for (const { got } of listeners) expect(got).toEqual(upTo(log.length));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('keeps at most 1,000 frames and 4 MiB; what comes beyond is left to the log', () => {
    const many = createDeliveryLine();
    many.take(upTo(1_500).map((id) => logged(id)));
    expect(many.missedFromId()).toBe(1_000);
    const large = createDeliveryLine();
    large.take(upTo(100).map((id) => logged(id, 100_000)));
    expect(large.missedFromId()).toBeLessThan(45);
    const noisy = createDeliveryLine();
    noisy.take(Array.from({ length: 5_000 }, () => passing));
    expect(noisy.missedFromId()).toBeNull();
    noisy.take(upTo(600).map((id) => logged(id)));
    expect(noisy.missedFromId()).toBe(500);
  });
});

describe('delivery to many organizations', () => {
  const clock = { monotonicMs: () => performance.now() };
  const onError = (error: unknown) => {
    throw error;
  };

  test("one organization's 300 events to 4,000 sockets hold up neither another one's event nor the process", async () => {
    let deliveries = 0;
    const costly: Listener = {
      deliver: (frames) => {
        deliveries += frames.length;
      },
    };
    const crowd = new Set(Array.from({ length: 4_000 }, () => ({ ...costly })));
    let crowdWhenHeard = -1;
    const single = new Set<Listener>([{ deliver: () => void (crowdWhenHeard = deliveries) }]);
    using delivery = createFairDelivery({
      listeners: (organizationId) => (organizationId === 'crowd' ? crowd : single),
      readMissed: () => Promise.reject(new Error('nothing was missed')),
      clock: tickingClock(),
      onError,
    });
    delivery.add(
      'crowd',
      upTo(300).map((id) => logged(id)),
    );
    delivery.add('single', [logged(1)]);
    let turns = 0;
    const count = () => {
      turns += 1;
      if (deliveries < 300 * 4_000) setImmediate(count);
    };
    setImmediate(count);
    await waitFor(() => deliveries === 300 * 4_000, { describe: 'every delivery', timeoutMs: 20_000, intervalMs: 1 });
    // The clock ticks once a look, so a slice of 2 ms is some hundred sockets.
    expect(crowdWhenHeard).toBeGreaterThan(0);
    expect(crowdWhenHeard).toBeLessThan(0.02 * 300 * 4_000);
    expect(turns).toBeGreaterThan(20);
  });

  test('what was left out is read from the log, also when that fails at first, and nothing is lost', async () => {
    const listener = new StandInListener();
    const log = upTo(2_500).map((id) => logged(id));
    let reads = 0;
    const failures: unknown[] = [];
    using delivery = createFairDelivery({
      listeners: () => new Set([listener]),
      readMissed: async (_organizationId, fromId) => {
        reads += 1;
        if (reads === 1) throw new Error('away');
        const after = log.filter(({ eventId }) => eventId > fromId).slice(0, 200);
        return { frames: after, lastId: after.at(-1)?.eventId ?? fromId, hasMore: after.length === 200 };
      },
      clock,
      onError: (error) => failures.push(error),
    });
    delivery.add('org', log.slice(0, 2_400));
    await waitFor(() => failures.length === 1, { describe: 'the failure' });
    delivery.add('org', log.slice(2_400));
    await waitFor(() => listener.got.length >= 2_500, { describe: 'everything' });
    expect(listener.got).toEqual(upTo(2_500));
  });
});

/** Each look takes 10 µs: what a delivery costs does not depend on the machine. */
function tickingClock() {
  let nowMs = 0;
  return { monotonicMs: () => (nowMs += 0.01) };
}
