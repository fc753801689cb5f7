import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxFault } from '../sandbox-control.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { FaultKind } from './fault.ts';

/** Shorter than the publisher's time-out: what is accepted later than it, and later than the quiet period too, no client can know of. */
const slowMsMax = 2_000;
/** Shorter than the quiet period, as a platform's real lag is shorter than its own. */
const lagMsMax = 1_500;
const strikesMax = 6;

const details: Readonly<Record<string, (random: SeededRandom) => Partial<SandboxFault>>> = {
  'http-500': () => ({}),
  'http-503': (random) => ({ retryAfterSeconds: random.between(0, 2) }),
  'rate-limit': (random) => ({ retryAfterSeconds: random.between(1, 3) }),
  timeout: () => ({}),
  slow: (random) => ({ delayMs: random.between(100, slowMsMax) }),
  'reset-before': () => ({}),
  'reset-after': () => ({}),
  'timeout-after': () => ({}),
  'error-after': () => ({}),
  garbage: () => ({}),
  'token-expired': () => ({}),
  'token-revoked': () => ({}),
  permission: () => ({ times: 1 }),
  'account-blocked': () => ({ times: 1 }),
  'listing-lag': (random) => ({ delayMs: random.between(100, lagMsMax) }),
  down: () => ({}),
};

/** What makes a send's outcome unknown comes most often; what asks a person to act, seldom. */
const weights: Readonly<Record<string, number>> = {
  'reset-after': 3,
  'timeout-after': 2,
  'error-after': 3,
  timeout: 2,
  slow: 2,
  'token-revoked': 0.3,
  permission: 0.3,
  'account-blocked': 0.3,
};

/** Every fault that the sandbox knows, each a kind of its own. */
export const platformFaults: readonly FaultKind[] = Object.entries(details).map(([kind, detailsFor]) => ({
  name: `platform ${kind}`,
  lane: 'platform',
  weight: weights[kind] ?? 1,
  plan({ system, random }) {
    const platform = random.pick(system.hosts.flatMap((host) => (host.site === null ? host.platform : [])));
    const lastsMs = kind === 'down' ? random.between(300, 2_500) : random.between(1_000, 5_000);
    const limited = kind === 'down' || kind === 'listing-lag' ? {} : { times: random.between(1, strikesMax) };
    // Half of them where a post is made, the others anywhere.
    const where = kind !== 'down' && kind !== 'listing-lag' && random.chance(0.5) ? { method: 'POST' } : {};
    const fault = { kind, platform, ...limited, ...where, ...detailsFor(random) };
    return {
      target: `${platform}${'times' in fault ? ` ${fault.times} times` : ''}`,
      async run() {
        const id = await system.sandbox.addFault(fault);
        await delay(lastsMs);
        await system.sandbox.removeFault(id);
      },
    };
  },
}));
