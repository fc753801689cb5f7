import { withoutReferences } from '@vibetribe/testkit/openapi-document';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}

interface Operation {
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>> };
}

interface WriteRoute {
  readonly method: string;
  readonly path: string;
  readonly body: JsonSchema | null;
}

let api: TestApi;
let key: string;
let routes: WriteRoute[];
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { LOGIN_RATE_LIMIT: '100000', API_RATE_LIMIT: '1000000' } });
  key = await api.adminKey();
  const { json } = await api.call('GET', '/openapi.json');
  routes = writeRoutesOf(withoutReferences(json)['paths'] as Record<string, Record<string, Operation>>);
});
afterAll(() => api[Symbol.asyncDispose]());

const runsPerRoute = process.env['TEST_FULL'] === '1' ? 300 : 40;

describe('whatever is sent to a route that writes', () => {
  test(
    'the answer is never a fault of ours, and an unprocessable body is told by its fields',
    { timeout: 300_000 },
    async () => {
      expect(routes.length).toBeGreaterThan(5);
      for (const { method, path, body } of routes) {
        await fc.assert(
          fc.asyncProperty(bodyFor(body), segment, async (value, id) => {
            const url = path.replaceAll(/\{\w+\}/g, encodeURIComponent(id));
            const answer = await api.call(method, url, { token: key, body: JSON.stringify(value) });
            const context = `${method} ${url} ${JSON.stringify(value)} was answered ${answer.status} ${answer.text}`;
            expect(answer.status, context).toBeLessThan(500);
            // A page says it to a person, in a sentence.
            if (answer.status !== 422 || answer.text.startsWith('<!doctype html>')) return;
            const errors = answer.json['errors'] as { path: string }[] | undefined;
            expect(errors?.every((fault) => fault.path !== '') === true && errors.length > 0, context).toBe(true);
          }),
          { numRuns: runsPerRoute },
        );
      }
    },
  );

  test('nor for queries of lists', { timeout: 120_000 }, async () => {
    for (const path of ['/api/v1/api-keys', '/api/v1/notifications']) {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), async (cursor, limit) => {
          const query = new URLSearchParams({ cursor, limit });
          const encoded = Buffer.from(JSON.stringify({ createdAt: limit, id: cursor })).toString('base64url');
          for (const search of [
            query.toString(),
            `cursor=${encoded}`,
            `cursor=%ff&limit=${encodeURIComponent(limit)}`,
          ]) {
            const { status, text } = await api.call('GET', `${path}?${search}`, { token: key });
            expect(status, `${search} was answered ${text}`).toBeLessThan(500);
          }
        }),
        { numRuns: runsPerRoute },
      );
    }
  });
});

/** Strings that have broken something somewhere. */
const nastyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    "'; drop table users; --",
    '__proto__',
    'a'.repeat(5_000),
    '9'.repeat(400),
    '2026-02-30T25:61:61Z',
    '0000-01-01T00:00:00Z',
    '999999-01-01T00:00:00Z',
  ),
  fc.emailAddress(),
);

const segment = fc
  .oneof(fc.constantFrom('x', '%00', '..', 'usr_1', 'a b', '\ud83d\ude00'), fc.string({ minLength: 1, maxLength: 20 }))
  .filter((text) => text.isWellFormed());

const anyJson = fc.oneof(fc.jsonValue(), nastyText, fc.double(), fc.constantFrom(2 ** 53, -1, 1e308, null, [], {}));

/** Bodies that are wrong as a whole, and bodies that are nearly right. */
function bodyFor(schema: JsonSchema | null): fc.Arbitrary<unknown> {
  return schema === null
    ? anyJson
    : fc.oneof({ weight: 1, arbitrary: anyJson }, { weight: 4, arbitrary: like(schema) });
}

function like(schema: JsonSchema): fc.Arbitrary<unknown> {
  const right = rightFor(schema);
  return fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: anyJson });
}

function rightFor(schema: JsonSchema): fc.Arbitrary<unknown> {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined && alternatives.length > 0) return fc.oneof(...alternatives.map(like));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, like(inner)])),
        { requiredKeys: [] },
      );
    case 'array':
      return fc.array(like(schema.items ?? {}), { maxLength: 3 });
    case 'integer':
      return fc.integer();
    case 'number':
      return fc.double();
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.oneof(
        nastyText,
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      );
  }
}

function writeRoutesOf(paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>): WriteRoute[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => method !== 'get' && method !== 'head')
      .map(([method, { requestBody }]) => ({
        method: method.toUpperCase(),
        path,
        body: requestBody?.content?.['application/json']?.schema ?? null,
      })),
  );
}
