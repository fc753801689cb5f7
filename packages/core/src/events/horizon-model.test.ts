import { expect, test } from 'vitest';
import { exploreLog, type Ablation } from './horizon-model.ts';

const size = process.env['TEST_FULL'] === '1' ? { writers: 3, reads: 1 } : { writers: 2, reads: 2 };

test(
  'however writers and a reader fall between each other, no event is passed over and none is told twice or before another',
  { timeout: 900_000 },
  () => {
    const { states, harm } = exploreLog(size.writers, size.reads, null);
    process.stdout.write(`event log: ${states} states with ${size.writers} writers and ${size.reads} read(s)\n`);
    expect(harm).toBeNull();
    expect(states).toBeGreaterThan(5_000);
  },
);

const ablations: Ablation[] = [
  'no_lock',
  'lock_after_id',
  'unlock_before_rows_show',
  'locks_before_last_id',
  'rows_before_locks',
];

test.each(ablations)('done wrong (%s), the model finds an event that is never told', (ablation) => {
  expect(exploreLog(2, 2, ablation).harm).not.toBeNull();
});
