import { describe, expect, test } from 'vitest';
import { testPhoto } from '../testing/test-media.ts';
import { type Content, start, ok, no, paths, stage, bodyOf } from './test-tiktok.ts';

describe('photos', () => {
  const photo = () => ({ ...testPhoto(), url: 'https://us.example/a.jpg' });

  test('are fetched from their addresses; one request makes the post', async () => {
    await using server = await stage({ [paths.list]: () => ok({ videos: [{ id: '70' }] }) });
    const options = { title: 'Three days', photoCoverIndex: 1, autoAddMusic: true, privacyLevel: 'SELF_ONLY' };
    const publication = start(server.origin, { options, media: [photo(), photo()] });
    expect(await publication.publish()).toMatchObject({ kind: 'published', platformPostId: 'v_pub_url~1' });
    expect(bodyOf(server.seen, paths.photos)).toEqual({
      post_info: {
        title: 'Three days',
        description: 'Norway',
        privacy_level: 'SELF_ONLY',
        disable_comment: false,
        auto_add_music: true,
        brand_content_toggle: false,
        brand_organic_toggle: false,
      },
      source_info: {
        source: 'PULL_FROM_URL',
        photo_cover_index: 1,
        photo_images: ['https://us.example/a.jpg', 'https://us.example/a.jpg'],
      },
      post_mode: 'DIRECT_POST',
      media_type: 'PHOTO',
    });
    expect(publication.results).toMatchObject({ newest: '70' });
  });

  test('as a draft have no settings', async () => {
    await using server = await stage({ [paths.status]: () => ok({ status: 'SEND_TO_USER_INBOX' }) });
    await start(server.origin, { options: { postAs: 'draft' }, media: [photo()] }).publish();
    expect(bodyOf(server.seen, paths.photos)).toMatchObject({
      post_mode: 'MEDIA_UPLOAD',
      post_info: { description: 'Norway' },
    });
  });

  describe('that TikTok could not fetch', () => {
    const failing = (reason: string, times: number) => {
      let asked = 0;
      return () => {
        asked += 1;
        return asked > times ? ok({ status: 'SEND_TO_USER_INBOX' }) : ok({ status: 'FAILED', fail_reason: reason });
      };
    };
    const minute = (number: number) => new Date(Date.now() + number * 60_000);
    const sends = (server: Awaited<ReturnType<typeof stage>>) =>
      server.seen.filter(({ route }) => route === paths.photos).length;

    test.each(['photo_pull_failed', 'internal'])(
      '(%s) are asked for again, after a pause, and are out once',
      async (reason) => {
        let made = 0;
        await using server = await stage({
          [paths.status]: failing(reason, 2),
          [paths.photos]: () => ok({ publish_id: `v_pub_url~${(made += 1)}` }),
        });
        const publication = start(server.origin, { media: [photo()] });
        const fates = [];
        for (const at of [0, 0.5, 1.5, 2, 4]) fates.push(await publication.publish({ now: minute(at) }));
        expect(fates.map(({ kind }) => kind)).toEqual([
          'processing',
          'processing',
          'processing',
          'processing',
          'published',
        ]);
        expect(fates.at(-1)).toMatchObject({ platformPostId: 'v_pub_url~3' });
        expect(sends(server)).toBe(3);
      },
    );

    test('three times are turned down for good', async () => {
      await using server = await stage({ [paths.status]: failing('photo_pull_failed', 9) });
      const publication = start(server.origin, { media: [photo()] });
      for (const at of [0, 2, 9]) await publication.publish({ now: minute(at) });
      expect(await publication.publish({ now: minute(60) })).toMatchObject({
        kind: 'turned_down',
        error: { kind: 'unavailable', platformCode: 'photo_pull_failed' },
      });
      expect(sends(server)).toBe(3);
    });

    test('and refuses when asked again are turned down; a second send without an answer is in doubt', async () => {
      for (const [answer, expected] of [
        [no(403, 'spam_risk_text'), { kind: 'turned_down', error: { kind: 'policy' } }],
        [{ status: 503, json: {} }, { kind: 'ambiguous' }],
      ] as const) {
        let made = 0;
        await using server = await stage({
          [paths.status]: failing('photo_pull_failed', 1),
          [paths.photos]: () => ((made += 1) === 1 ? ok({ publish_id: 'v_pub_url~1' }) : answer),
        });
        const publication = start(server.origin, { media: [photo()] });
        await publication.publish();
        const fate: unknown = await publication.publish({ now: minute(2) }).catch((error: unknown) => error);
        expect(fate).toMatchObject(expected);
      }
    });

    test('because of what they are, are not asked for again', async () => {
      await using server = await stage({ [paths.status]: failing('picture_size_check_failed', 9) });
      expect(await start(server.origin, { media: [photo()] }).publish()).toMatchObject({ kind: 'turned_down' });
    });
  });

  test('need an address of this service', async () => {
    await using server = await stage();
    await expect(start(server.origin, { media: [testPhoto()] }).publish()).rejects.toMatchObject({
      kind: 'permission',
      platformCode: 'media_url_missing',
    });
  });

  async function look(videos: object[], content: Content = {}, list?: () => object) {
    let listed: object[] = [{ id: '70', create_time: 1, video_description: 'Norway' }];
    await using server = await stage({
      [paths.list]: (list ?? (() => ok({ videos: listed }))) as never,
      [paths.photos]: () => ({ status: 503, json: {} }),
    });
    const publication = start(server.origin, { media: [photo()], ...content });
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    listed = [...videos, ...listed];
    return await publication.reconcile();
  }
  const ours = (more: object = {}) => ({
    id: '80',
    create_time: Date.now() / 1_000,
    video_description: 'Norway',
    ...more,
  });

  test.each<[string, object[], Content, object]>([
    [
      'are found above the newest post of before',
      [ours()],
      {},
      { kind: 'found', platformPostId: '80', url: 'https://www.tiktok.com/@ada/photo/80' },
    ],
    [
      'are found by their title and text',
      [ours({ video_description: 'Days Norway' })],
      { options: { title: 'Days' } },
      { kind: 'found' },
    ],
    [
      'are not another post',
      [ours({ video_description: 'Sweden' })],
      {},
      { kind: 'not_seen', doubt: expect.any(String) },
    ],
    ['that are not listed yet may be there', [], {}, { kind: 'not_seen', doubt: expect.stringContaining('hours') }],
    [
      'that not everybody sees are never listed',
      [],
      { options: { privacyLevel: 'SELF_ONLY' } },
      { kind: 'cannot_tell' },
    ],
  ])('in doubt %s', async (_what, videos, content, expected) => {
    expect(await look(videos, content)).toMatchObject(expected);
  });

  test('in doubt cannot be looked for without the permission', async () => {
    expect(await look([], {}, () => no(401, 'scope_not_authorized'))).toMatchObject({ kind: 'cannot_tell' });
  });
});
