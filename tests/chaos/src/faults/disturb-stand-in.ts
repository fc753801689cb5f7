import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../seeded-random.ts';
import type { Whim, WhimKind } from '../stand-in/whims.ts';
import type { FaultKind } from './fault.ts';

const strikesMax = 6;
/** Shorter than the quiet period: what is carried out later than it, no client can know of. */
const lateMsMax = 1_200;

const details: Readonly<Record<WhimKind, { weight: number; draw: (random: SeededRandom) => Partial<Whim> }>> = {
  'accepts-late': { weight: 2, draw: (random) => ({ delayMs: random.between(50, lateMsMax) }) },
  'answers-202': { weight: 2, draw: () => ({}) },
  'answers-204': { weight: 1, draw: () => ({}) },
  'answers-408': { weight: 1, draw: () => ({}) },
  redirects: { weight: 1, draw: () => ({}) },
  // Within the time of a request, and beyond it.
  drips: { weight: 2, draw: (random) => ({ delayMs: random.pick([100, 900]) }) },
  'error-in-200': { weight: 2, draw: () => ({}) },
  'error-in-listing': { weight: 1, draw: () => ({}) },
  rewrites: { weight: 0.5, draw: () => ({ times: 1 }) },
  'half-listing': { weight: 2, draw: () => ({ times: Infinity }) },
};

/** Every whim of the stand-in, each a kind of its own. */
export const standInFaults: readonly FaultKind[] = Object.entries(details).map(([kind, { weight, draw }]) => ({
  name: `stand-in ${kind}`,
  lane: 'platform',
  weight,
  plan({ system: { standIn }, random }) {
    if (standIn === null) return null;
    const [name, site] = random.pick([...standIn.sites]);
    const whim = {
      kind: kind as WhimKind,
      times: random.between(1, strikesMax),
      isDone: random.chance(0.6),
      delayMs: 0,
      ...draw(random),
    };
    const lastsMs = random.between(1_000, 5_000);
    return {
      target: `${name}${whim.isDone ? '' : ', not done'}`,
      async run() {
        const begun = site.whims.begin(whim);
        await delay(lastsMs);
        begun.end();
      },
    };
  },
}));
