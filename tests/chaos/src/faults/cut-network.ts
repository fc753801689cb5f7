import { setTimeout as delay } from 'node:timers/promises';
import type { ProxyMode } from '../tcp-proxy.ts';
import type { FaultContext, FaultKind, PlannedFault } from './fault.ts';

const durationsMs = {
  refuse: [200, 3_000],
  stall: [100, 2_500],
  blackhole: [300, 4_000],
  cut_after_request: [50, 600],
  cut_after_answer: [50, 600],
} as const;

/**
 * A network that delivers a request to a platform later than the quiet period is one against which nothing helps; the quiet period
 * is a second or two here, so such a stall stays below it.
 */
const platformStallMsMax = 600;

/** One link goes bad: a process loses its database or Redis, or everybody a platform. */
export const cutNetwork: FaultKind = {
  name: 'network',
  lane: 'store',
  weight: 8,
  plan: (context) =>
    planCut(context, context.random.pick(['refuse', 'stall', 'blackhole', 'cut_after_request', 'cut_after_answer'])),
};

/** Every open connection of one link is reset at once. */
export const resetNetwork: FaultKind = {
  name: 'network reset',
  lane: 'store',
  weight: 2,
  plan({ system, random }) {
    const name = random.pick([...system.proxies.keys()]);
    return {
      target: name,
      run() {
        system.proxies.get(name)?.reset();
        return Promise.resolve();
      },
    };
  },
};

function planCut({ system, random }: FaultContext, mode: Exclude<ProxyMode, 'pass'>): PlannedFault | null {
  const name = random.pick([...system.proxies.keys()]);
  const proxy = system.proxies.get(name);
  if (proxy === undefined) return null;
  const [min, max] = durationsMs[mode];
  const drawn = random.between(min, max);
  const lastsMs = mode === 'stall' && name.startsWith('platform:') ? Math.min(drawn, platformStallMsMax) : drawn;
  return {
    target: `${mode} ${name} for ${lastsMs} ms`,
    async run() {
      await proxy.set(mode);
      try {
        await delay(lastsMs);
      } finally {
        await proxy.set('pass');
      }
    },
  };
}
