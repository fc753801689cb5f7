import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from './test-api.ts';
import { type Attack, type AttackTarget, faultAttacks, textAttacks } from './test-attacks.ts';

let api: TestApi;
let token: string;
let target: AttackTarget;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { LOGIN_RATE_LIMIT: '100000' } });
  const { accessToken, organization } = await api.register();
  token = accessToken;
  const accountsOf = async (platform: string, count: number) => {
    const ids = [];
    for (let made = 0; made < count; made += 1)
      ids.push(
        (await addAccount(api.sql, { organizationId: organization.id, platform, service: serverOf(platform) }))
          .accountId,
      );
    return ids;
  };
  const xAccountIds = await accountsOf('x', 100);
  const mastodonAccountIds = await accountsOf('mastodon', 100);
  const blueskyAccountIds = await accountsOf('bluesky', 100);
  const others = await accountsOf('discord', 1);
  const accountIds = [xAccountIds, mastodonAccountIds, blueskyAccountIds, others].map(([first = '']) => first);
  target = { xAccountIds, mastodonAccountIds, blueskyAccountIds, accountIds };
});
afterAll(() => api[Symbol.asyncDispose]());

const serverOf = (platform: string) => (['mastodon', 'bluesky'].includes(platform) ? 'https://social.example' : '');

/** Beyond what the machine may do beside the test; an attack that gets through takes a hundred times as long. */
const stallMsMax = 500;

/** A report has a few lines for each account that a request names. */
const answerPerRequestMax = 6;
/** What a refusal costs whatever was asked: its own words. */
const refusalBytesMax = 1_000;

async function send({ method, path, as, body }: Attack) {
  return api.call(method, path, { body, ...(as === 'nobody' ? {} : { token }) });
}

describe('whatever is written in a post', () => {
  test('is judged without holding up what others ask', { timeout: 120_000 }, async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    for (const attack of textAttacks(target)) {
      delay.reset();
      delay.enable();
      const { status, text } = await send(attack);
      // One more turn: a stall is measured at its end.
      await setTimeout(20);
      delay.disable();
      expect(status, `${attack.name}: ${text.slice(0, 500)}`).toBe(200);
      expect(delay.max / 1e6, attack.name).toBeLessThan(stallMsMax);
    }
  });
});

describe('whatever is wrong with a request', () => {
  test('is told in an answer not much longer than itself', { timeout: 120_000 }, async () => {
    for (const attack of faultAttacks(target)) {
      const { status, text } = await send(attack);
      expect(status, `${attack.name}: ${text.slice(0, 500)}`).toBeGreaterThanOrEqual(200);
      expect(status, `${attack.name}: ${text.slice(0, 500)}`).toBeLessThan(500);
      expect(text.length, attack.name).toBeLessThan(refusalBytesMax + attack.body.length * answerPerRequestMax);
    }
  });
});
