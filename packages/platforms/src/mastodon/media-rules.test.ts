import { checkMedia } from '@vibetribe/media-rules/check-media';
import { planRendition } from '@vibetribe/media-rules/plan-rendition';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mediaRulesFor } from '../content/media-rules-for.ts';
import { opened } from '../testing/test-connect.ts';
import { testPicture } from '../testing/test-media.ts';
import { openTestClient, startPublication } from '../testing/test-platform.ts';
import { MadeAccount, startTestSandbox, type TestSandbox } from '../testing/test-sandbox.ts';
import { mastodon } from './index.ts';
import { Instance, serverRulesIn } from './instance-configuration.ts';
import { mastodonMediaRules } from './media-rules.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('mastodon');
const endpoints = testEndpoints();
let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox(process.execPath);
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
});

/** An account on the instance whose limits are its own. */
async function connectSecond() {
  const made = MadeAccount.parse(
    await sandbox.control('POST', '/_sandbox/accounts', { platform: 'mastodon2', handle: sandbox.newHandle() }),
  );
  const credentials = { instance: String(sandbox.hosts['mastodon2']), accessToken: String(made['accessToken']) };
  const grant = await mastodon.manual?.connect({ endpoints, http: client.http(), credentials, now: new Date() });
  if (grant === undefined) throw new Error('Mastodon cannot be connected by hand');
  return opened(grant);
}

const photo = {
  kind: 'image',
  mimeType: 'image/jpeg',
  bytes: 1_200_000,
  width: 1_000,
  height: 800,
  alt: null,
} as const;
const still = {
  orientation: 1,
  animated: false,
  frames: 1,
  alpha: false,
  durationMs: null,
  framesPerSecond: null,
  codec: null,
  audioCodec: null,
  indexFirst: null,
  hasMetadata: false,
} as const;
const film = {
  ...still,
  kind: 'video',
  mimeType: 'video/mp4',
  bytes: 6_000_000,
  width: 640,
  height: 360,
  frames: 0,
  durationMs: 2_000,
  framesPerSecond: 30,
  codec: 'h264',
  alt: null,
} as const;

describe('an instance’s own limits', () => {
  test('are read at connect, and decide what is refused and what pictures become', async () => {
    const { account } = await connectSecond();
    const rules = mediaRulesFor(mastodon, { account, options: {} });
    expect(rules).toMatchObject({ countMax: 6, imagesMax: 6, altCharactersMax: 400, animation: null });
    const codes = (media: Parameters<typeof checkMedia>[2]) =>
      checkMedia('Mastodon', rules, media).map(({ code }) => code);
    const small = { ...photo, ...still, bytes: 50_000 };
    expect(codes(Array.from({ length: 6 }, () => small))).toEqual([]);
    expect(codes(Array.from({ length: 7 }, () => small))).toEqual(['images_too_many']);
    expect(codes([{ ...small, alt: 'x'.repeat(401) }])).toEqual(['alt_too_long']);
    expect(codes([film])).toEqual(['media_too_large']);
    expect(codes([{ ...film, bytes: 1_000_000, mimeType: 'video/webm' }])).toHaveLength(1);
    expect(planRendition(rules, { ...photo, ...still })).toMatchObject({
      kind: 'render',
      bytesMax: 1_048_576,
      pixelsMax: 2_000_000,
    });
    expect(planRendition(rules, { ...small, mimeType: 'image/webp' })).toMatchObject({
      kind: 'render',
      mimeTypes: ['image/jpeg'],
    });
    expect(planRendition(mastodon.rules.media, { ...photo, ...still })).toEqual({ kind: 'original' });
  });

  test('six pictures go out where the instance takes six', async () => {
    const { account, credentials } = await connectSecond();
    const media = Array.from({ length: 6 }, (_, at) => testPicture(`Picture ${at}`));
    const content = { text: 'Six', options: {}, media };
    const { accessToken } = credentials;
    await startPublication({ adapter: mastodon, endpoints, client, account, accessToken, content }).publish();
    const { items } = await sandbox.posts('mastodon', account.externalId);
    expect(items[0]?.media).toHaveLength(6);
  });

  test('an account from before, and an instance that tells nothing, go by the defaults', () => {
    expect(mediaRulesFor(mastodon, { account: {}, options: {} })).toBe(mastodonMediaRules);
    expect(
      mediaRulesFor(mastodon, { account: { serverRules: { textMax: 500, urlCharacters: 23 } }, options: {} }),
    ).toBe(mastodonMediaRules);
    expect(
      mediaRulesFor(mastodon, {
        account: { serverRules: { textMax: 500, urlCharacters: 23, media: {} } },
        options: {},
      }),
    ).toEqual(mastodonMediaRules);
  });

  test('an instance that takes no videos takes none, and no pictures likewise', () => {
    const media = { mimeTypes: ['image/gif'] };
    const rules = mediaRulesFor(mastodon, {
      account: { serverRules: { textMax: 500, urlCharacters: 23, media } },
      options: {},
    });
    expect(rules).toMatchObject({
      imagesMax: 0,
      videosMax: 0,
      image: null,
      video: null,
      animation: { mimeTypes: ['image/gif'] },
    });
    expect(checkMedia('Mastodon', rules, [film]).map(({ code }) => code)).toEqual(['videos_too_many']);
  });

  test('a limit that cannot be meant is left out', () => {
    const statuses = { max_characters: 500, characters_reserved_per_url: 23, max_media_attachments: -4 };
    const odd = { image_size_limit: 'much', video_size_limit: 5_000, supported_mime_types: [] };
    const rulesIn = (configuration: object) => serverRulesIn(Instance.parse({ configuration }), { software: null });
    const rules = { textMax: 500, urlCharacters: 23 };
    expect(rulesIn({ statuses, media_attachments: odd })).toEqual({ ...rules, media: { videoBytesMax: 5_000 } });
    expect(rulesIn({ statuses, media_attachments: null })).toEqual(rules);
  });
});
