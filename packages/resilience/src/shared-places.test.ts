import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createSharedPlaces, type Share } from './shared-places.ts';

const half = (key: string): Share => ({ key, max: (free) => free });
const threeQuarters = (key: string): Share => ({ key, max: (free) => 3 * free });
const never = { ms: 5, isOver: () => false };
const atOnce = { ms: 1, isOver: () => true };

/** As many as are given at once. */
async function takeAll(take: () => Promise<Disposable | null>): Promise<Disposable[]> {
  const taken: Disposable[] = [];
  for (;;) {
    const place = await take();
    if (place === null) return taken;
    taken.push(place);
  }
}

test('a share of what is free leaves places to others, however many parties take all they can', async () => {
  const places = createSharedPlaces({ totalMax: 32 });
  const counts: number[] = [];
  for (const key of ['a', 'b', 'c', 'd', 'e'])
    counts.push((await takeAll(() => places.take([half(key)], atOnce))).length);
  expect(counts).toEqual([16, 8, 4, 2, 1]);
  expect(await places.take([half('late')], atOnce)).not.toBeNull();
});

test('each of several shares must have room, and who waits for one of them holds up nobody else', async () => {
  const places = createSharedPlaces({ totalMax: 32 });
  const onServer = await takeAll(() => places.take([threeQuarters('org'), half('server')], atOnce));
  expect(onServer).toHaveLength(16);
  const elsewhere = await takeAll(() => places.take([threeQuarters('org')], atOnce));
  expect(onServer.length + elsewhere.length).toBe(24);
  const waiting = places.take([threeQuarters('org'), half('server')], never);
  expect(await places.take([threeQuarters('other')], atOnce)).not.toBeNull();
  for (const place of onServer) place[Symbol.dispose]();
  expect(await waiting).not.toBeNull();
});

test('who waits goes on in the moment in which a place comes free, and giving back twice counts once', async () => {
  const places = createSharedPlaces({ totalMax: 1 });
  const first = await places.take([half('a')]);
  const second = places.take([half('a')], { ms: 1, isOver: () => false });
  const third = places.take([half('b')], never);
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  const given = await second;
  let isThird = false;
  void third.then(() => (isThird = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isThird).toBe(false);
  given?.[Symbol.dispose]();
  expect(await third).not.toBeNull();
});

test('patience lasts as long as places come free', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const places = createSharedPlaces({ totalMax: 4 });
  const single = { key: 'server', max: () => 1 };
  const patience = { ms: 100, isOver: () => true };
  const first = await places.take([single]);
  const second = places.take([single], patience);
  let third: Disposable | null | undefined;
  void places.take([single], patience).then((place) => (third = place));
  await vi.advanceTimersByTimeAsync(80);
  first?.[Symbol.dispose]();
  expect(await second).not.toBeNull();
  await vi.advanceTimersByTimeAsync(90);
  expect(third).toBeUndefined();
  await vi.advanceTimersByTimeAsync(20);
  expect(third).toBeNull();
});

test('whatever comes in whichever order, no bound is passed and everybody is served', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('s', 't', null)), { maxLength: 40 }),
      async (totalMax, wanted) => {
        const places = createSharedPlaces({ totalMax });
        const running: string[] = [];
        await Promise.all(
          wanted.map(async ([organization, server]) => {
            const shares = [threeQuarters(organization), ...(server === null ? [] : [half(server)])];
            const place = await places.take(shares);
            const free = totalMax - running.length;
            expect(running.filter((key) => key === organization).length).toBeLessThan(3 * free);
            running.push(organization);
            await new Promise((resolve) => setImmediate(resolve));
            running.splice(running.indexOf(organization), 1);
            place?.[Symbol.dispose]();
          }),
        );
        expect(running).toEqual([]);
      },
    ),
    { numRuns: 50 },
  );
});
