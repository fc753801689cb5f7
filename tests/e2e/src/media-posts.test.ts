import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gif, phoneJpeg, png, redCorners, uprightPhoneJpeg } from '@vibetribe/media/fixtures/test-images';
import { movie } from '@vibetribe/media/fixtures/test-movies';
import { waitFor } from '@vibetribe/testkit/wait-for';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Client, connectAccount, registerClient, send, uploadFile as upload } from './client.ts';
import { type TestStack, startTestStack } from './test-stack.ts';

const platforms = ['bluesky', 'mastodon', 'x'] as const;
type Platform = (typeof platforms)[number];

interface Shown {
  readonly text: string;
  readonly media: readonly {
    type: string;
    bytes: number;
    sha256: string;
    width: number | null;
    height: number | null;
    alt: string | null;
    orientation: number;
    metadata: string[];
  }[];
}

interface Timeline {
  readonly items: readonly { type: string; message: string }[];
}

/** Of all tests that end no publisher. */
let system: TestStack;
beforeAll(async () => {
  system = await startTestStack({
    postgresUrl: inject('postgresUrl'),
    redisUrl: null,
    publishers: 1,
    env: { BURST_GUARD_SPACING_MS: '1' },
  });
}, 120_000);
afterAll(() => system[Symbol.asyncDispose]());

test(
  'pictures, an animation and a video, from the upload to what followers see on every platform',
  { timeout: 180_000 },
  async () => {
    const { client, accounts } = await connectAll(system);
    const accountIds = Object.values(accounts);
    const pictures = [await png(300, 200), await png(301, 200), await png(302, 200)];
    const turned = await phoneJpeg(400, 300, 6);
    const animation = await gif(3);
    const film = movie({ width: 640, height: 360, seconds: 2, dataBytes: 900_000 });

    const ids: string[] = [];
    for (const [index, file] of [...pictures, turned].entries())
      ids.push(await upload(client, system.api, file, `Picture ${index + 1}`));
    const album = await publish(client, { content: 'An album', accountIds, mediaIds: ids });
    const mediaOf = async (content: string, file: Buffer, alt: string) =>
      publish(client, { content, accountIds, mediaIds: [await upload(client, system.api, file, alt)] });
    await mediaOf('It moves', animation, 'A loop');
    await mediaOf('A film', film, 'Two seconds');

    await waitFor(async () => (await allShown(system.sandbox)).length === 9, {
      timeoutMs: 120_000,
      describe: () => `nine posts are out\n${system.output()}`,
    });
    for (const platform of platforms) {
      const shown = await shownOn(system.sandbox, platform);
      const albumMedia = mediaIn(shown, 'An album');
      expect(albumMedia.map(({ alt }) => alt)).toEqual(['Picture 1', 'Picture 2', 'Picture 3', 'Picture 4']);
      expect(albumMedia.slice(0, 3).map(({ sha256 }) => sha256)).toEqual(pictures.map(sha256Of));
      // Turned upright: the camera was held sideways.
      expect(albumMedia[3]).toMatchObject({ type: 'image', width: 300, height: 400 });
      expect(mediaIn(shown, 'A film')).toMatchObject([{ type: 'video', sha256: sha256Of(film), alt: 'Two seconds' }]);
      const isStill = platform === 'bluesky';
      expect(mediaIn(shown, 'It moves')).toMatchObject([
        { type: 'image', alt: 'A loop', ...(isStill ? {} : { sha256: sha256Of(animation) }) },
      ]);
    }
    const { items } = await client.get<Timeline>(`/posts/${album}/timeline`);
    expect(items.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Media 4 of 4 was changed for the platform: /u),
    );
  },
);

test(
  'a phone photo of 9 MB for a platform that takes 2 MB: its copy there is small enough, upright, and tells no place',
  { timeout: 120_000 },
  async () => {
    const client = await registerClient(system.api);
    const accountIds = [await connectAccount(client, system.sandbox, 'bluesky', 'photographer')];
    const photo = await uprightPhoneJpeg(4360, 3270, 98);
    expect(photo.length).toBeGreaterThan(9_000_000);
    expect(photo.includes('Canary Camera')).toBe(true);
    const mediaIds = [await upload(client, system.api, photo, 'A view')];
    const post = await publish(client, { content: 'From my phone', accountIds, mediaIds });

    await waitFor(async () => mediaIn(await shownOn(system.sandbox, 'bluesky'), 'From my phone').length === 1, {
      timeoutMs: 60_000,
      describe: () => `the post is out\n${system.output()}`,
    });
    const [copy] = mediaIn(await shownOn(system.sandbox, 'bluesky'), 'From my phone');
    expect(copy).toMatchObject({ type: 'image', alt: 'A view', orientation: 1, metadata: [] });
    expect(copy?.bytes).toBeLessThanOrEqual(2_000_000);
    expect(copy?.bytes).toBeGreaterThan(1_000_000);
    expect((copy?.height ?? 0) / (copy?.width ?? 1)).toBeCloseTo(4 / 3, 2);

    const sent = await renditionOf(system.dataDir, copy?.sha256 ?? '');
    expect(sent.includes('Canary Camera')).toBe(false);
    expect(await redCorners(sent)).toEqual([true, false, false, false]);
    const { items } = await client.get<Timeline>(`/posts/${post}/timeline`);
    expect(items.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/turned upright.*stripped of place and camera/u),
    );
  },
);

test('an instance that takes less than others gets a copy that it takes', { timeout: 120_000 }, async () => {
  const client = await registerClient(system.api);
  const { body: made } = await send('POST', `${system.sandbox}/_sandbox/accounts`, {
    platform: 'mastodon2',
    handle: 'modest',
  });
  const { body: hosts } = await send('GET', `${system.sandbox}/_sandbox/hosts`);
  const credentials = {
    instance: (hosts as Record<string, string>)['mastodon2'],
    accessToken: (made as { accessToken: string }).accessToken,
  };
  const { id } = await client.post<{ id: string }>('/accounts/manual', { platform: 'mastodon', credentials });
  const mediaIds = [await upload(client, system.api, await uprightPhoneJpeg(2400, 1800, 95), 'A view')];
  await publish(client, { content: 'To a small instance', accountIds: [id], mediaIds });

  await waitFor(async () => mediaIn(await shownOn(system.sandbox, 'mastodon'), 'To a small instance').length === 1, {
    timeoutMs: 60_000,
    describe: () => `the post is out\n${system.output()}`,
  });
  const [copy] = mediaIn(await shownOn(system.sandbox, 'mastodon'), 'To a small instance');
  expect(copy?.bytes).toBeLessThanOrEqual(1024 * 1024);
  expect((copy?.width ?? 0) * (copy?.height ?? 0)).toBeLessThanOrEqual(2_000_000);
  expect((copy?.height ?? 0) / (copy?.width ?? 1)).toBeCloseTo(4 / 3, 2);
});

/** The changed copy with this content. */
async function renditionOf(dataDir: string, sha256: string): Promise<Buffer> {
  const directory = join(dataDir, 'media', 'renditions');
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = await readFile(join(entry.parentPath, entry.name));
    if (sha256Of(file) === sha256) return file;
  }
  throw new Error(`no rendition has the content ${sha256}`);
}

async function connectAll(system: TestStack) {
  await Promise.all(
    platforms.map((platform) => send('PUT', `${system.sandbox}/_sandbox/limits`, { platform, scale: 100 })),
  );
  const client = await registerClient(system.api);
  const [bluesky, mastodon, x] = await Promise.all(
    platforms.map((platform) => connectAccount(client, system.sandbox, platform, `media${platform}`)),
  );
  return { client, accounts: { bluesky: bluesky ?? '', mastodon: mastodon ?? '', x: x ?? '' } };
}

async function publish(client: Client, post: object): Promise<string> {
  const { id } = await client.post<{ id: string }>('/posts', {
    ...post,
    scheduledAt: new Date(Date.now() + 500).toISOString(),
  });
  return id;
}

async function shownOn(sandbox: string, platform: Platform): Promise<Shown[]> {
  return ((await send('GET', `${sandbox}/_sandbox/posts?platform=${platform}&limit=500`)).body as { items: Shown[] })
    .items;
}

async function allShown(sandbox: string): Promise<Shown[]> {
  return (await Promise.all(platforms.map((platform) => shownOn(sandbox, platform)))).flat();
}

function mediaIn(posts: readonly Shown[], text: string): Shown['media'] {
  return posts.find((post) => post.text === text)?.media ?? [];
}

function sha256Of(file: Buffer): string {
  return createHash('sha256').update(file).digest('hex');
}
