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
