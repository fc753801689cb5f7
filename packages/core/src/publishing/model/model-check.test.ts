import { expect, test } from 'vitest';
import { explore, type Faults } from './explore.ts';
import type { Ablation } from './model-state.ts';

const everything = process.env['TEST_FULL'] === '1';
const seed = Number(process.env['TEST_SEED'] ?? 1);
/** All at once are too many states: the other runs have what the first leaves out. */
const runs: readonly Faults[] = everything
  ? [
      { crashes: 2, losses: 2, troubles: 0, pauses: 0, refusals: 0, parts: 1 },
      { crashes: 1, losses: 0, troubles: 1, pauses: 1, refusals: 0, parts: 1 },
      { crashes: 0, losses: 1, troubles: 1, pauses: 1, refusals: 0, parts: 1 },
      { crashes: 1, losses: 1, troubles: 0, pauses: 0, refusals: 2, parts: 1 },
      { crashes: 0, losses: 1, troubles: 0, pauses: 0, refusals: 0, parts: 2 },
      { crashes: 1, losses: 0, troubles: 0, pauses: 0, refusals: 0, parts: 2 },
    ]
  : [{ crashes: 1, losses: 1, troubles: 0, pauses: 0, refusals: 0, parts: 1 }, drawn()];

function drawn(): Faults {
  const smaller = [
    { crashes: 0, losses: 0, troubles: 1, pauses: 1, refusals: 0, parts: 1 },
    { crashes: 0, losses: 1, troubles: 0, pauses: 0, refusals: 1, parts: 1 },
    { crashes: 0, losses: 1, troubles: 0, pauses: 0, refusals: 0, parts: 2 },
  ] as const;
  return smaller[seed % 3] ?? smaller[0];
}

test.each(runs)(
  'in every reachable state ($crashes crashes, $losses losses, $troubles troubles of our own, $pauses pauses, $refusals refusals, $parts parts): never twice, no part before the other, never early, ' +
    'no broken cancel or pause, no false word, no old text after a mend, no retry for our own trouble, nothing stuck',
  { timeout: 900_000 },
  (faults) => {
    const { states, violation } = explore(faults, null);
    process.stdout.write(`model check: ${states} states with up to ${JSON.stringify(faults)}\n`);
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(5_000);
  },
);

const harms: Record<Ablation, string> = {
  no_late_fence: 'published twice',
  no_fence_in_outcome: 'published twice',
  no_intent_before_send: 'published twice',
  no_quiet_period: 'published twice',
  client_clock_in_claim: 'sent before its time',
  silence_is_retried: 'published twice',
  no_sweeper: 'its claim is held for ever by nobody',
  no_pause_lock: 'begun although a pause was promised',
  trouble_is_retried: 'a retry was used up by our own trouble',
  part_untold: 'called published without being there',
  doubt_is_mended: 'the old text appears after it was mended',
};

test.each(Object.entries(harms))(
  'without its protection (%s) the model finds: %s',
  { timeout: 300_000 },
  (ablation, harm) => {
    const { violation } = explore(faultsOf(ablation), ablation as Ablation, harm);
    expect(violation?.rule).toBe(harm);
  },
);

function faultsOf(ablation: string): Faults {
  if (ablation === 'no_pause_lock') return { crashes: 0, losses: 0, troubles: 0, pauses: 1, refusals: 0, parts: 1 };
  if (ablation === 'trouble_is_retried')
    return { crashes: 0, losses: 0, troubles: 1, pauses: 0, refusals: 0, parts: 1 };
  if (ablation === 'part_untold') return { crashes: 1, losses: 0, troubles: 0, pauses: 0, refusals: 0, parts: 2 };
  return { crashes: 1, losses: 1, troubles: 0, pauses: 0, refusals: 0, parts: 1 };
}
