import { newId } from '@vibetribe/db/new-id';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signUp, inMinutes } from './test-posts.ts';

const routes: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', '/posts/:id'],
  ['PUT', '/posts/:id', { content: 'Mine' }],
  ['DELETE', '/posts/:id'],
  ['POST', '/posts/:id/publish'],
  ['POST', '/posts/:id/cancel'],
  ['POST', '/posts/:id/retry'],
  ['POST', '/posts/:id/duplicate'],
  ['GET', '/posts/:id/timeline'],
  ['POST', '/publications/:id/resolve', { outcome: 'skip' }],
];

describe('tenants never meet', () => {
  test.each(routes.map((route) => ({ route, name: `${route[0]} ${route[1]}` })))(
    '$name answers 404 alike for a foreign and an unknown id',
    async ({ route }) => {
      const [method, path, body] = route;
      const [owner, stranger] = [await signUp(), await signUp()];
      const { post } = await owner.create({ scheduledAt: inMinutes(60) });
      const isPublication = path.startsWith('/publications');
      const ask = (id: string | undefined) =>
        stranger.call(method, path.replace(':id', String(id)), body === undefined ? {} : { body });
      const foreign = await ask(isPublication ? post.publications[0]?.id : post.id);
      const unknown = await ask(newId(isPublication ? 'publication' : 'post'));
      const { requestId: _one, ...said } = foreign.json;
      const { requestId: _other, ...saidOfUnknown } = unknown.json;
      expect([foreign.status, said]).toEqual([404, saidOfUnknown]);
      expect((await owner.call('GET', `/posts/${post.id}`)).json).toEqual(post);
    },
  );

  test('a post to a foreign account is refused as one to an unknown account', async () => {
    const [owner, stranger] = [await signUp(), await signUp()];
    const attempt = async (accountId: string) => {
      const { status, json } = await stranger.call('POST', '/posts', {
        body: { content: 'Hi', accountIds: [stranger.accountId, accountId] },
      });
      return [status, json['errors']];
    };
    const foreign = await attempt(owner.accountId);
    expect(foreign).toEqual([422, [{ path: 'accountIds.1', message: expect.any(String) }]]);
    expect(await attempt(newId('account'))).toEqual(foreign);
  });
});

describe('bad input', () => {
  test.each([
    ['status=nonsense', 'status'],
    ['from=yesterday', 'from'],
    ['to=2026-01-01', 'to'],
    ['platform=myspace', 'platform'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['cursor=%00', 'cursor'],
    ['cursor=abc', 'cursor'],
    [`cursor=${Buffer.from('{"createdAtMicros":"99999999999999999999","id":"x"}').toString('base64url')}`, 'cursor'],
    ['accountId=%00', 'accountId'],
  ])('GET /posts?%s is 422 and names %s', async (query, path) => {
    const { call } = await signUp();
    expect(await call('GET', `/posts?${query}`)).toMatchObject({ status: 422, json: { errors: [{ path }] } });
  });

  test('the widest cursor and range that pass are answered with a page', async () => {
    const { call, create } = await signUp();
    await create();
    const cursor = Buffer.from('{"createdAtMicros":"9999999999999999","id":"x"}').toString('base64url');
    expect(await call('GET', `/posts?cursor=${cursor}`)).toMatchObject({ status: 200, json: { items: [{}] } });
    const range = `from=0000-01-01T00:00:00Z&to=${encodeURIComponent('9999-12-31T23:59:59-23:59')}`;
    expect(await call('GET', `/posts?${range}`)).toMatchObject({ status: 200, json: { items: [] } });
  });

  test('is 4xx with a path on every route that writes, whatever is sent; never 500', async () => {
    const { call, create, accountId } = await signUp();
    const { post } = await create();
    const writes = [
      ['POST', '/posts'],
      ['POST', '/posts/validate'],
      ['PUT', `/posts/${post.id}`],
      ['POST', `/publications/${post.publications[0]?.id}/resolve`],
    ] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...writes), bodies(accountId), async ([method, path], body) => {
        const { status, json, text } = await call(method, path, { body: JSON.stringify(body) });
        expect(status, text).toBeLessThan(500);
        if (status !== 422) return;
        const { errors } = json as unknown as { errors: { path: string; message: string }[] };
        expect(errors.length, text).toBeGreaterThan(0);
        for (const error of errors)
          expect(error).toEqual({ path: expect.any(String), message: expect.stringMatching(/./) });
      }),
      { numRuns: 300 },
    );
    expect(await call('GET', '/posts')).toMatchObject({ status: 200 });
  }, 60_000);

  test('a post that a person has found has an id, and a time zone a name', async () => {
    const { call, create, accountId } = await signUp();
    const { post } = await create();
    const path = `/publications/${post.publications[0]?.id}/resolve`;
    for (const platformPostId of ['', ' \n'])
      expect(await call('POST', path, { body: { outcome: 'published', platformPostId } })).toMatchObject({
        status: 422,
        json: { errors: [{ path: 'platformPostId' }] },
      });
    for (const timezone of ['+02:00', '-0530', 'Mars/Olympus'])
      expect(
        await call('POST', '/posts', { body: { content: 'Hi', accountIds: [accountId], timezone } }),
      ).toMatchObject({
        status: 422,
        json: { errors: [{ path: 'timezone' }] },
      });
  });

  test('nested too deep for any field is 422', async () => {
    const { call, accountId } = await signUp();
    const body = `{"content":"x","accountIds":["${accountId}"],"variants":{"${accountId}":{"options":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}}}`;
    expect(await call('POST', '/posts', { body })).toMatchObject({ status: 422, json: { errors: [{}] } });
  });

  test.each(['publish', 'cancel', 'retry', 'duplicate'])(
    'POST /posts/:id/%s takes any id and any body without a 500',
    async (verb) => {
      const { call } = await signUp();
      for (const id of ['x', '%00', '%ff', 'é', 'a'.repeat(90), '..%2f..', '%F0%9F%98%80']) {
        const { status, text } = await call('POST', `/posts/${id}/${verb}`, { body: { any: 'thing' } });
        expect(status, text).toBeGreaterThanOrEqual(400);
        expect(status, text).toBeLessThan(500);
      }
    },
  );
});

/** Bodies near the valid one: its fields, each right or wrong in some way, and some that nobody knows. */
function bodies(accountId: string): fc.Arbitrary<unknown> {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('Hello', '\u0000', '\ud800', 'x'.repeat(100_001), ''),
  );
  const id = fc.oneof(fc.constant(accountId), text);
  const time = fc.oneof(
    fc.constantFrom(
      '2026-02-30T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-23:59',
      inMinutes(5),
      inMinutes(-5),
      '2099-01-01T00:00Z',
    ),
    text,
    fc.constant(null),
  );
  const variant = fc.record(
    {
      content: text,
      mediaIds: fc.array(id, { maxLength: 2 }),
      options: fc.oneof(fc.jsonValue(), fc.dictionary(text, fc.jsonValue(), { maxKeys: 2 })),
    },
    { requiredKeys: [] },
  );
  const known = {
    content: text,
    accountIds: fc.array(id, { maxLength: 3 }),
    mediaIds: fc.array(id, { maxLength: 2 }),
    scheduledAt: time,
    timezone: fc.oneof(fc.constantFrom('Europe/Berlin', 'UTC', '+01:00', '__proto__'), text),
    variants: fc.dictionary(fc.oneof(id, fc.constantFrom('__proto__', 'constructor')), variant, { maxKeys: 2 }),
    draft: fc.boolean(),
    priority: fc.constantFrom('low', 'normal', 'high', 'urgent'),
    misfire: fc.oneof(
      fc.constantFrom({ policy: 'late' }, { policy: 'skip', maxLateSeconds: 2 ** 31 }, { policy: 'never' }),
      fc.jsonValue(),
    ),
    outcome: fc.constantFrom('published', 'not_published', 'publish', 'skip', 'other'),
    retry: fc.boolean(),
    platformPostId: text,
    url: fc.oneof(fc.webUrl(), text, fc.constant('javascript:alert(1)')),
  };
  const right = fc.record({ content: fc.constant('Hello'), accountIds: fc.constant([accountId]) });
  const mixed = fc.record(known, { requiredKeys: [] });
  return fc.oneof(
    fc.tuple(right, mixed).map(([one, other]) => ({ ...other, ...one })),
    fc
      .tuple(
        right,
        fc.record({ variants: known.variants, scheduledAt: time, misfire: known.misfire }, { requiredKeys: [] }),
      )
      .map(([one, other]) => ({ ...one, ...other })),
    mixed,
    fc.jsonValue(),
  );
}
