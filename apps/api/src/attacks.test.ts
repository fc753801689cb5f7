import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { withoutReferences } from '@vibetribe/testkit/openapi-document';
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

/** Far beyond what a machine may do beside the test; an attack that gets through takes ten times as long and more. */
const stallMsMax = 2_000;

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

  test(
    'is told by every route that writes in an answer shorter than itself, and holds up nobody',
    { timeout: 120_000 },
    async () => {
      const key = await api.adminKey();
      const { json } = await api.call('GET', '/openapi.json');
      const { paths } = withoutReferences(json) as unknown as {
        paths: Record<string, Record<string, DocumentedRoute>>;
      };
      const routes = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, { requestBody }]) => {
          const fields = Object.keys(requestBody?.content['application/json']?.schema.properties ?? {});
          return method === 'get' ? [] : [{ method: method.toUpperCase(), path, fields }];
        }),
      );
      expect(routes.length).toBeGreaterThan(30);
      const delay = monitorEventLoopDelay({ resolution: 5 });
      for (const { method, path, fields } of routes)
        for (const [name, body] of Object.entries({ ...strangeBodies, ...bodiesOfFields(fields) })) {
          delay.reset();
          delay.enable();
          const { status, text } = await api.call(method, path.replaceAll(/\{\w+\}/g, 'x'), { token: key, body });
          await setTimeout(5);
          delay.disable();
          const about = `${method} ${path}, ${name}: ${status} ${text.slice(0, 300)}`;
          expect(status, about).toBeLessThan(500);
          expect(text.length, about).toBeLessThan(body.length);
          expect(delay.max / 1e6, about).toBeLessThan(stallMsMax);
        }
    },
  );
});

interface DocumentedRoute {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly properties?: object } }>>;
  };
}

/** What a schema looks at in each of its fields. */
function bodiesOfFields(fields: readonly string[]): Record<string, string> {
  if (fields.length === 0) return {};
  const fill = (value: unknown) => JSON.stringify(Object.fromEntries(fields.map((field) => [field, value])));
  const long = (part: string) => fill(part.repeat(Math.floor(900_000 / part.length / fields.length)));
  return {
    'every field a long address': long('a.b@'),
    'every field a long time': long('2'),
    'every field a list': fill(Array(Math.floor(4_000 / fields.length)).fill({ id: 'x', content: 'x' })),
  };
}

const strangeBodies = {
  'many unknown fields': JSON.stringify(
    Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`o${index}`, 'x'.repeat(900)])),
  ),
  'a long name over unstorable strings': `{"${'n'.repeat(500_000)}":${JSON.stringify(Array(50_000).fill('\0'))}}`,
  'a long text': JSON.stringify('x'.repeat(900_000)),
};
