import { startCloudinaryServer } from '@vibetribe/media/fixtures/cloudinary-server';
import { jpeg, png } from '@vibetribe/media/fixtures/test-images';
import { addAccount } from '@vibetribe/db/testing/test-rows';
import { adapters } from '@vibetribe/platforms/registry';
import { expect, inject, test } from 'vitest';
import { validatePost } from '../posts/check/validate-post.ts';
import { createMediaHarness } from './test-media.ts';

const account = { cloudName: 'cloud', apiKey: 'key', apiSecret: 'secret' };

test.each(['local', 'cloudinary'] as const)(
  'the dry run tells that a stored file is gone, and the same file uploaded again brings it back (%s)',
  async (store) => {
    await using server = await startCloudinaryServer(account);
    const cloudinary = { ...account, uploadOrigin: server.origin, deliveryOrigin: server.origin };
    await using harness = await createMediaHarness(inject('postgresUrl'), store === 'local' ? {} : { cloudinary });
    const actor = await harness.addOrganization();
    const { accountId } = await addAccount(harness.sql, { organizationId: actor.organizationId });
    const picture = await jpeg();
    const kept = await harness.upload(actor, await png(60, 60));
    const lost = await harness.upload(actor, picture);
    const validate = async () => {
      const input = { content: 'Hello', accountIds: [accountId], mediaIds: [kept.id, lost.id] };
      const { results } = await validatePost({ ...harness.deps, adapters }, actor, input);
      return results[0]?.errors;
    };
    expect(await validate()).toEqual([]);
    const [row] = await harness.sql<{ store_key: string }>(
      'select o.store_key from media_objects o join media m on m.object_id = o.id where m.id = $1',
      [lost.id],
    );
    const object = { key: row?.store_key ?? '', mimeType: 'image/jpeg' } as const;
    await harness.deps.media.store.remove(object);
    expect(await validate()).toMatchObject([
      { code: 'media_gone', field: 'mediaIds.1', message: expect.stringContaining('Upload the same file again') },
    ]);
    await harness.upload(actor, picture);
    expect(await validate()).toEqual([]);
    if (store === 'cloudinary') {
      server.failWith(500, 1_000);
      expect(await validate()).toEqual([]);
    }
  },
);
