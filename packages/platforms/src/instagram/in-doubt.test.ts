import { describe, expect, test } from 'vitest';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { startRoutes } from '../testing/test-platform.ts';
import { publishRoute, listRoute, at, start, error, listed, usual } from './test-instagram.ts';

describe('in doubt', () => {
  const post = (id: string, caption: string, minute = 0) => ({
    id,
    caption,
    timestamp: at(minute).toISOString(),
    permalink: `https://i/${id}`,
  });
  async function inDoubt(origin: string) {
    const publication = start(origin);
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    const { intents } = publication;
    const intent = intents.get('publish');
    if (intent === undefined) throw new Error('nothing was sent');
    return (changes: Parameters<typeof publication.reconcile>[0]) =>
      publication.reconcile({ intent: { ...intent, startedAt: at(0) }, ...changes });
  }
  const containerIs = (code: string) => ({ 'GET /v25.0/171': () => ({ json: { status_code: code } }) });
  const lost = { [publishRoute]: () => ({ status: 500, json: {} }) };

  test.each(['FINISHED', 'EXPIRED', 'ERROR'])('a container that is %s was not published', async (code) => {
    await using server = await startRoutes({ ...usual, ...lost });
    const reconcile = await inDoubt(server.origin);
    await using later = await startRoutes({ ...usual, ...containerIs(code) });
    const endpoints = testEndpoints({ api: later.origin });
    expect(await reconcile({ endpoints })).toMatchObject({ kind: 'not_seen' });
  });

  test('a published one is the post with its caption above the newest of before, not an older or somebody else’s', async () => {
    await using server = await startRoutes({ ...usual, ...lost, [listRoute]: listed(post('180', 'Before')) });
    const reconcile = await inDoubt(server.origin);
    await using later = await startRoutes({
      ...containerIs('PUBLISHED'),
      [listRoute]: listed(
        post('184', 'Other', 4),
        post('183', 'Hello', 3),
        post('182', 'Hello', 2),
        post('180', 'Before'),
        post('179', 'Hello'),
      ),
    });
    const endpoints = testEndpoints({ api: later.origin });
    expect(await reconcile({ endpoints })).toMatchObject({
      kind: 'found',
      platformPostId: '182',
      url: 'https://i/182',
    });
    expect(await reconcile({ endpoints, takenPostIds: new Set(['182']) })).toMatchObject({ platformPostId: '183' });
  });

  test('a published one whose caption the platform changed is the only new post', async () => {
    await using server = await startRoutes({ ...usual, ...lost, [listRoute]: listed(post('180', 'Before')) });
    const reconcile = await inDoubt(server.origin);
    await using later = await startRoutes({
      ...containerIs('PUBLISHED'),
      [listRoute]: listed(post('182', 'HELLO', 2), post('180', 'Before')),
    });
    expect(await reconcile({ endpoints: testEndpoints({ api: later.origin }) })).toMatchObject({
      platformPostId: '182',
    });
  });

  test('a published one that is not listed yet proves nothing, and after a quarter of an hour it is out without an address', async () => {
    await using server = await startRoutes({ ...usual, ...lost, [listRoute]: listed(post('180', 'Before')) });
    const reconcile = await inDoubt(server.origin);
    await using later = await startRoutes({ ...containerIs('PUBLISHED'), [listRoute]: listed(post('180', 'Before')) });
    const endpoints = testEndpoints({ api: later.origin });
    expect(await reconcile({ endpoints, askedAt: at(1) })).toMatchObject({ kind: 'inconclusive' });
    expect(await reconcile({ endpoints, askedAt: at(16) })).toMatchObject({
      kind: 'found',
      platformPostId: '171',
      url: null,
    });
  });

  test('a send that finds its container published before gives that post, and sends nothing more', async () => {
    let published = false;
    await using server = await startRoutes({
      ...usual,
      'GET /v25.0/171': () => ({ json: { status_code: published ? 'PUBLISHED' : 'FINISHED' } }),
      [publishRoute]: () => error(9_007, 2_207_027),
      [listRoute]: () => {
        const before = !published;
        published = true;
        return { json: { data: before ? [] : [{ ...post('185', 'Hello'), timestamp: new Date().toISOString() }] } };
      },
    });
    expect(await start(server.origin).publish()).toMatchObject({ kind: 'published', platformPostId: '185' });
  });
});

test.each([
  [error(-1, 2_207_001), 'ambiguous'],
  [error(9_007, 2_207_027), 'media_processing'],
  [error(4, 2_207_051), 'policy'],
  [error(25, 2_207_050), 'policy'],
  [error(24, 2_207_006), 'not_found'],
  [error(36_003, 2_207_009), 'content'],
  [error(80_002), 'rate_limit'],
  [error(190, 463), 'auth_expired'],
  [error(190, 458), 'auth_revoked'],
  [error(10), 'permission'],
])('a send that is answered %j ends as %s', async (answer, kind) => {
  await using server = await startRoutes({ ...usual, [publishRoute]: () => answer });
  await expect(start(server.origin).publish()).rejects.toMatchObject({ kind });
});
