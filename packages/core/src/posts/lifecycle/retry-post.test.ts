import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import type { PlatformAdapter } from '@vibetribe/platforms/port/adapter';
import { expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import { createPublishingEngine } from '../../publishing/publishing-engine.ts';
import { createEngineHarness } from '../../publishing/testing/test-engine.ts';
import { withoutFiles } from '../../publishing/testing/test-harness.ts';
import { retryPost } from './retry-post.ts';

test('what a platform took and refused afterwards is sent anew when it is retried', async () => {
  await using harness = await createEngineHarness(inject('postgresUrl'));
  let sends = 0;
  const adapter: PlatformAdapter = {
    ...harness.platform.adapter,
    async publish(run) {
      const id = await run.step({ name: 'publish', effect: 'once', run: async () => `post-${(sends += 1)}` });
      if (id !== 'post-1') return { kind: 'published', platformPostId: id, url: null };
      const error = new PlatformError('unavailable', 'It could not be converted', { platformCode: 'internal' });
      return { kind: 'turned_down', error };
    },
  };
  const deps = { ...harness.deps, adapters: { ...harness.deps.adapters, [adapter.id]: adapter } };
  const options = { settings: harness.settings, owner: 'test', media: withoutFiles, random: () => 0 };
  await using engine = createPublishingEngine(deps, options);
  const account = await harness.addAccount();
  const id = await harness.addPublication(account);
  await engine.publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'failed', error: { code: 'internal' } });

  const [row] = await harness.sql<{ postId: string }>('select post_id as "postId" from publications where id = $1', [
    id,
  ]);
  const actor: Actor = {
    organizationId: account.organizationId,
    userId: null,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: false,
    principal: 'user:test',
  };
  await retryPost(deps, actor, { postId: row?.postId ?? '' });
  await engine.publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'published', platform_post_id: 'post-2' });
  expect(sends).toBe(2);
});
