import { parseArgs } from 'node:util';
import type { Backend, Platforms } from './chaos-system.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly posts: number;
  readonly minutes: number;
  /** The run goes on until there were so many. */
  readonly faults: number;
  readonly backend: Backend;
  readonly platforms: Platforms;
  /** Protections that the publishers go without: such a run must find violations. */
  readonly without: readonly string[];
}

/** The short profile. */
export const chaosDefaults = { posts: 1_000, minutes: 1.5, faults: 150 } as const;

/** @throws RangeError or TypeError that says which argument is wrong */
export function parseChaosOptions(args: readonly string[], drawSeed: () => number): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      posts: { type: 'string', default: String(chaosDefaults.posts) },
      minutes: { type: 'string', default: String(chaosDefaults.minutes) },
      faults: { type: 'string', default: String(chaosDefaults.faults) },
      backend: { type: 'string', default: 'postgres' },
      platforms: { type: 'string', default: 'stand-in' },
      without: { type: 'string', multiple: true, default: [] },
    },
  });
  const { backend, platforms } = values;
  if (backend !== 'postgres' && backend !== 'redis') throw new RangeError('--backend is postgres or redis');
  if (platforms !== 'sandbox' && platforms !== 'stand-in') throw new RangeError('--platforms is sandbox or stand-in');
  return {
    seed: values.seed === undefined ? drawSeed() : positive('--seed', values.seed),
    posts: positive('--posts', values.posts),
    minutes: positive('--minutes', values.minutes),
    faults: positive('--faults', values.faults),
    backend,
    platforms,
    without: values.without,
  };
}

export function commandOf({ seed, posts, minutes, faults, backend, platforms, without }: ChaosOptions): string {
  const ablation = without.map((protection) => ` --without ${protection}`).join('');
  return `npm run chaos -- --seed ${seed} --posts ${posts} --minutes ${minutes} --faults ${faults} --backend ${backend} --platforms ${platforms}${ablation}`;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`${name} is a number above 0`);
  return value;
}
