import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { addAttackTarget } from './test-attack-target.ts';
import { startTestApi, type TestApi } from './test-api.ts';
import { type Attack, type AttackTarget, faultAttacks, textAttacks } from './test-attacks.ts';

let api: TestApi;
let token: string;
let target: AttackTarget;
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { LOGIN_RATE_LIMIT: '100000' } });
  const { accessToken, organization } = await api.register();
  token = accessToken;
  target = await addAttackTarget(api.sql, organization.id);
});
afterAll(() => api[Symbol.asyncDispose]());

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
