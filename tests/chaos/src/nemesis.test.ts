import { FaultKind } from '@vibetribe/sandbox/faults/fault';
import { expect, test } from 'vitest';
import type { ChaosSystem } from './chaos-system.ts';
import { platformFaults } from './faults/disturb-platform.ts';
import type { FaultContext } from './faults/fault.ts';
import { faultKinds } from './nemesis.ts';
import { createSeededRandom } from './seeded-random.ts';

test('every fault that the sandbox knows is injected', () => {
  expect(platformFaults.map(({ name }) => name.replace('platform ', '')).toSorted()).toEqual(
    [...FaultKind.options].toSorted(),
  );
});

test('the same seed plans the same faults in the same order', () => {
  const plans = (seed: number) => {
    const random = createSeededRandom(seed);
    return Array.from({ length: 200 }, () => {
      const kind = random.pickWeighted(faultKinds);
      return `${kind.name} ${kind.plan(contextWith(random))?.target ?? 'nothing'}`;
    });
  };
  expect(plans(7)).toEqual(plans(7));
  expect(plans(7)).not.toEqual(plans(8));
});

/** Planning draws and names; only running touches the system. */
function contextWith(random: FaultContext['random']): FaultContext {
  const proxies = new Map([
    ['postgres:api-1', {}],
    ['platform:x', {}],
  ]);
  const hosts = ['bluesky', 'mastodon'].map((platform) => ({ platform, site: null }));
  const standIn = { sites: new Map([['x', {}]]) };
  const postgres = { hasOwnDisk: true };
  const slot = { name: 'publisher-1' };
  return {
    system: { slots: [], proxies, redis: null, hosts, standIn, postgres } as unknown as ChaosSystem,
    random,
    freezeMaxMs: 60_000,
    faketimeLibrary: '/lib/faketime',
    databaseClockMaxSeconds: 90,
    rewinds: true,
    takeSlot: () => ({ slot, [Symbol.dispose]: () => undefined }) as unknown as ReturnType<FaultContext['takeSlot']>,
  };
}
