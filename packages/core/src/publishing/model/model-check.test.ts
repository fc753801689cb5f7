import { expect, test } from 'vitest';
import { explore, type Faults } from './explore.ts';
import type { Ablation } from './model-state.ts';

const faults: Faults = process.env['TEST_FULL'] === '1' ? { crashes: 2, losses: 2 } : { crashes: 1, losses: 1 };

test(
  'in every reachable state: never twice, never early, no broken cancel, no false word, nothing stuck',
  { timeout: 900_000 },
  () => {
    const { states, violation } = explore(faults, null);
    process.stdout.write(
      `model check: ${states} states with up to ${faults.crashes} crash(es) and ${faults.losses} loss(es)\n`,
    );
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(10_000);
  },
);

const harms: Record<Ablation, string> = {
  no_late_fence: 'published twice',
  no_fence_in_outcome: 'called failed although it is there',
  no_intent_before_send: 'published twice',
  no_quiet_period: 'published twice',
  client_clock_in_claim: 'sent before its time',
  silence_is_retried: 'published twice',
  no_sweeper: 'its claim is held for ever by nobody',
};

test.each(Object.entries(harms))(
  'without its protection (%s) the model finds: %s',
  { timeout: 300_000 },
  (ablation, harm) => {
    const { violation } = explore({ crashes: 1, losses: 1 }, ablation as Ablation, harm);
    expect(violation?.rule).toBe(harm);
  },
);
