import { expect, test } from 'vitest';
import { exploreSharedAccount, type SharedFaults } from './shared-account.ts';

const everything = process.env['TEST_FULL'] === '1';
const runs: readonly SharedFaults[] = everything
  ? [
      { crashes: 1, losses: 0, ticks: 9 },
      { crashes: 0, losses: 1, ticks: 9 },
      { crashes: 1, losses: 1, ticks: 8 },
    ]
  : [
      { crashes: 1, losses: 0, ticks: 7 },
      { crashes: 0, losses: 1, ticks: 7 },
    ];

test.each(runs)(
  'equal texts of two organizations on one account ($crashes crashes, $losses losses): two posts at most, and none counts for both',
  { timeout: 900_000 },
  (faults) => {
    const { states, broken } = exploreSharedAccount(faults, null);
    process.stdout.write(`model check, shared account: ${states} states with up to ${JSON.stringify(faults)}\n`);
    expect(broken).toBeNull();
    expect(states).toBeGreaterThan(5_000);
  },
);

test('without the decision who owns a post, one counts for both', { timeout: 300_000 }, () => {
  expect(exploreSharedAccount({ crashes: 0, losses: 1, ticks: 7 }, 'no_post_owners').broken).toBe(
    'one post counts for both',
  );
});
