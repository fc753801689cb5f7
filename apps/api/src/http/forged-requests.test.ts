import type { Platform } from '@vibetribe/contracts/platform';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startTestApi, type TestApi } from '../test-api.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly queries: readonly string[];
}

let api: TestApi;
let token: string;
let operations: Operation[];
beforeAll(async () => {
  api = await startTestApi(inject('postgresUrl'), { env: { API_RATE_LIMIT: '1000000' } });
  token = await api.adminKey();
  const { json } = await api.call('GET', '/openapi.json');
  const paths = json['paths'] as Record<string, Record<string, { parameters?: Parameter[] }>>;
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      queries: parameters.flatMap((parameter) => (parameter.in === 'query' ? [parameter.name] : [])),
    })),
  );
});
afterAll(() => api[Symbol.asyncDispose]());

const badTexts = [
  '\0',
  'a\0b',
  'x'.repeat(101),
  'x'.repeat(5_000),
  '日'.repeat(300),
  '\u{1F600}',
  '..',
  '.',
  "'",
  '%',
  '9'.repeat(30),
  '-1',
  '1e400',
  '__proto__',
  '0000-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '9999-12-31T23:59:59-14:00',
  '2026-01-01T00:00:00+23:59',
];

/** As a page's end may look to whoever reads it, with what no page ever ended with. */
const badPlaces = [
  ...badTexts,
  ...['0000-01-01', '0001-01-01', '2026-02-30', '9999-12-31', '294277-01-01', '2026-13-01'].flatMap((day) =>
    ['00:00:00+00', '25:61:61+00', '23:59:60.999999-15:59:59', '24:00:00+99', '00:00:00+99'].map((time) => ({
      createdAt: `${day} ${time}`,
      id: 'x',
    })),
  ),
  ...badTexts.flatMap((id) => [
    { createdAt: '2026-01-01 00:00:00+00', id },
    { createdAtMicros: '1', id },
    { at: '1', id },
  ]),
  ...['9'.repeat(16), '0', '-1', '1.5', '9'.repeat(30)].map((createdAtMicros) => ({ createdAtMicros, id: 'x' })),
  ...[-1, 1.5, 2 ** 53, 2 ** 53 - 1, 1e308, null, true, [], {}].flatMap((number) => [
    number,
    { eventId: number },
    { id: number },
  ]),
];

const cursors = [
  ...badPlaces.map((place) => Buffer.from(JSON.stringify(place)).toString('base64url')),
  ...badTexts,
  Buffer.from('"\ud800"').toString('base64url'),
  Buffer.from([0xff, 0xfe]).toString('base64url'),
  Buffer.from(`${'['.repeat(300)}`).toString('base64url'),
];

async function expectNoFault(method: string, path: string, body?: unknown): Promise<void> {
  const { status, text } = await api.call(method, path, { token, ...(body === undefined ? {} : { body }) });
  expect(status, `${method} ${path} ${JSON.stringify(body ?? null)} was answered ${text}`).toBeLessThan(500);
}

describe('never a fault of ours', () => {
  test('whatever stands in the place of an id', { timeout: 120_000 }, async () => {
    const withIds = operations.filter(({ path }) => path.includes('{'));
    expect(withIds.length).toBeGreaterThan(10);
    for (const { method, path } of withIds)
      for (const id of badTexts) await expectNoFault(method, path.replaceAll(/\{\w+\}/g, encodeURIComponent(id)));
  });

  test('whatever a cursor says', { timeout: 120_000 }, async () => {
    const lists = operations.filter(({ queries }) => queries.includes('cursor'));
    expect(lists.length).toBeGreaterThan(5);
    for (const { method, path } of lists) {
      for (const cursor of cursors)
        await expectNoFault(method, `${path.replaceAll(/\{\w+\}/g, 'mail')}?cursor=${encodeURIComponent(cursor)}`);
    }
  });

  test('whatever a query says', { timeout: 120_000 }, async () => {
    for (const { method, path, queries } of operations) {
      if (method !== 'GET') continue;
      for (const query of queries)
        for (const value of badTexts)
          await expectNoFault(method, `${path.replaceAll(/\{\w+\}/g, 'x')}?${query}=${encodeURIComponent(value)}`);
    }
  });
});

describe('a time that no clock keeps', () => {
  const times = badTexts
    .filter((text) => /^\d{4}-/.test(text) && !text.endsWith('+23:59'))
    .concat('9999-12-31T23:59:59-14:00', '0000-12-31T23:59:59Z');

  test.each(times)('%s is a fault of its field, wherever it is given', async (time) => {
    const accountIds = ['acc_1'];
    const post = { content: 'Hello', accountIds };
    const credentials = { accessToken: 'token', expiresAt: time };
    const platforms = await api.call('GET', '/api/v1/platforms', { token });
    const forms = (platforms.json['items'] as Platform[]).filter(({ manualFields }) =>
      manualFields.some(({ name }) => name === 'expiresAt'),
    );
    expect(forms.length).toBeGreaterThan(5);
    const bodies: [string, object, string][] = [
      ['/api-keys', { name: 'x', scopes: ['read'], expiresAt: time }, 'expiresAt'],
      ['/posts', { ...post, scheduledAt: time }, 'scheduledAt'],
      ['/posts/validate', { ...post, scheduledAt: time }, 'scheduledAt'],
      ...forms.map(({ id }): (typeof bodies)[number] => [
        '/accounts/manual',
        { platform: id, credentials },
        'credentials.expiresAt',
      ]),
    ];
    for (const [path, body, field] of bodies) {
      const { status, json, text } = await api.call('POST', `/api/v1${path}`, { token, body });
      expect([status, json['errors']], `${path}: ${text}`).toEqual([
        422,
        expect.arrayContaining([{ path: field, message: expect.any(String) }]),
      ]);
    }
  });
});
