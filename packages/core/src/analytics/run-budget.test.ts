import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { adapters } from '@vibetribe/platforms/registry';
import { expect, test } from 'vitest';
import { createRunBudget } from './run-budget.ts';

const call = { method: 'GET', path: '/youtube/v3/videos' };
const of = (platform: PlatformId, accountId = 'one') => ({ platform, accountId });

test("an account has its own share of a run, and a platform's is for all of its accounts", () => {
  const budget = createRunBudget({ adapters }, { accountRequests: 2, platformRequests: 3 });
  for (let made = 0; made < 2; made += 1) budget.spend(of('mastodon'), call);
  expect([budget.isLeft(of('mastodon')), budget.isLeft(of('mastodon', 'two'))]).toEqual([false, true]);
  expect(budget.accountsDone()).toEqual(['one']);
  budget.spend(of('mastodon', 'two'), call);
  expect([budget.isLeft(of('mastodon', 'two')), budget.isPlatformLeft('bluesky')]).toEqual([false, true]);
});

test('where an application has units a day, a run has a small share of them', () => {
  const budget = createRunBudget({ adapters });
  let made = 0;
  for (; budget.isPlatformLeft('youtube'); made += 1) budget.spend(of('youtube', `account${made}`), call);
  expect(made).toBeGreaterThan(0);
  expect(24 * made).toBeLessThan(0.06 * (adapters.youtube.limits.appUnitsPerDay?.limit ?? 0));
});

test('a platform whose quota is used up is asked nothing more, by nobody', () => {
  const budget = createRunBudget({ adapters });
  budget.close('x');
  expect([budget.isLeft(of('x')), budget.isPlatformLeft('x'), budget.isPlatformLeft('mastodon')]).toEqual([
    false,
    false,
    true,
  ]);
});
