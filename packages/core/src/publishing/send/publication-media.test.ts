import { createHash } from 'node:crypto';
import type { MediaRules } from '@vibetribe/media-rules/media-rules';
import { phoneJpeg, png } from '@vibetribe/media/fixtures/test-images';
import { killInspectors } from '@vibetribe/media/fixtures/inspector-pids';
import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { MediaItem } from '@vibetribe/platforms/port/content';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { updateMedia } from '../../media/update-media.ts';
import { createMediaHarness, type MediaHarness } from '../../media/test-media.ts';
import { OwnTroubleError } from './own-trouble-error.ts';
import { prepareMedia, readMediaUrls } from './publication-media.ts';

let harness: MediaHarness;
beforeAll(async () => {
  harness = await createMediaHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const rules: MediaRules = {
  required: false,
  countMax: 4,
  imagesMax: 4,
  videosMax: 0,
  mixed: false,
  altCharactersMax: 100,
  image: { mimeTypes: ['image/jpeg', 'image/png'], bytesMax: 1_000_000 },
  animation: null,
  video: null,
};
const files = () => ({ reader: harness.deps.media.reader, urls: harness.deps.mediaUrls });
const prepared = (organizationId: string, mediaIds: readonly string[]) =>
  prepareMedia(harness.deps, files(), { organizationId, mediaIds }, rules);

test('media come in the order of the post, as the platform takes them, and what was done is told', async () => {
  const actor = await harness.addOrganization();
  const plain = await png(120, 90);
  const turned = await harness.upload(actor, await phoneJpeg(400, 300, 6), { alt: 'Sideways' });
  const first = await harness.upload(actor, plain);
  const { items, done } = await prepared(actor.organizationId, [first.id, turned.id]);
  expect(items).toMatchObject([
    { id: first.id, bytes: plain.length, sha256: sha256Of(plain), alt: null },
    { id: turned.id, width: 300, height: 400, alt: 'Sideways' },
  ]);
  expect(done).toEqual([expect.stringMatching(/^Media 2 of 2 was changed for the platform: .+\.$/u)]);
});

test('a medium is read whole, from anywhere, as often as wanted, and is what its digest says', async () => {
  const actor = await harness.addOrganization();
  const file = await png(120, 90);
  const { id } = await harness.upload(actor, file);
  const { items } = await prepared(actor.organizationId, [id]);
  const [item] = items;
  if (item === undefined) throw new Error('no medium');
  expect(sha256Of(await read(item))).toBe(item.sha256);
  expect(await read(item, { start: 10, end: 25 })).toEqual(file.subarray(10, 25));
  expect(await read(item, { start: 5, end: 5 })).toEqual(Buffer.alloc(0));
  expect(await read(item)).toEqual(file);
});

test("a medium that is gone, or is another organization's, ends the publication for good", async () => {
  const [actor, other] = [await harness.addOrganization(), await harness.addOrganization()];
  const { id } = await harness.upload(other, await png(50, 50));
  await expect(prepared(actor.organizationId, [id])).rejects.toMatchObject({
    kind: 'content',
    platformCode: 'media_gone',
  });
});

test.runIf(process.platform === 'linux')(
  'where the helper processes die again and again, it is no fault of the post, and later it is prepared',
  async () => {
    const actor = await harness.addOrganization();
    // So large that no process is done with it before it dies.
    const { id } = await harness.upload(actor, await phoneJpeg(4_000, 3_000, 6));
    const preparing = prepared(actor.organizationId, [id]).catch((error: unknown) => error);
    let isOver = false;
    void preparing.finally(() => (isOver = true));
    while (!isOver) {
      await killInspectors(process.pid);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const error = await preparing;
    expect(error).not.toBeInstanceOf(PlatformError);
    expect(error).toBeInstanceOf(OwnTroubleError);
    expect((await prepared(actor.organizationId, [id])).items).toHaveLength(1);
  },
);

test('a text of this post comes before the file’s own, and takes it away where it is null', async () => {
  const actor = await harness.addOrganization();
  const picture = await harness.upload(actor, await png(50, 50), { alt: 'Its own' });
  const altWith = async (mediaAlts: Record<string, string | null>) => {
    const work = { organizationId: actor.organizationId, mediaIds: [picture.id], mediaAlts };
    return (await prepareMedia(harness.deps, files(), work, rules)).items.map(({ alt }) => alt);
  };
  expect(await altWith({})).toEqual(['Its own']);
  expect(await altWith({ [picture.id]: 'For this post' })).toEqual(['For this post']);
  expect(await altWith({ [picture.id]: null })).toEqual([null]);
  expect(await updateMedia(harness.deps, actor, { id: picture.id, change: { alt: 'Better' } })).toMatchObject({
    alt: 'Better',
  });
  expect(await altWith({})).toEqual(['Better']);
  const stranger = await harness.addOrganization();
  await expect(updateMedia(harness.deps, stranger, { id: picture.id, change: { alt: 'Mine' } })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('a person who posts by hand finds the files; without a key to sign with there are no addresses', async () => {
  const actor = await harness.addOrganization();
  const { id } = await harness.upload(actor, await png(50, 50));
  const work = { organizationId: actor.organizationId, mediaIds: [id] };
  const [url] = await readMediaUrls(harness.deps, files(), work);
  expect(url).toMatch(/^https:\/\/api\.example\/api\/v1\/media\/file\/media\.png\?ticket=/u);
  expect(await readMediaUrls(harness.deps, { ...files(), urls: null }, work)).toEqual([]);
});

async function read(item: MediaItem, range?: { start: number; end: number }): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of item.read(range)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
