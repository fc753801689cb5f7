import { PlatformError } from '@vibetribe/platforms/port/platform-error';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

type PublishOf = EngineHarness['platform']['adapter']['publish'];

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

test('what a refusal teaches of the account’s server is kept, and the post goes out by it at once', async () => {
  const account = await harness.addAccount();
  const id = await harness.addPublication(account);
  const learnedRules = { textMax: 300, urlCharacters: null, media: { imageBytesMax: 1_000_000 } };
  const seen: unknown[] = [];
  const publish: PublishOf = harness.platform.adapter.publish.bind(harness.platform.adapter);
  Object.assign(harness.platform.adapter, {
    async publish(run: Parameters<PublishOf>[0]) {
      seen.push(run.account.serverRules?.media);
      if (run.account.serverRules !== undefined) return publish(run);
      throw new PlatformError('content', 'Too large.', { platformCode: 'http_413', learnedRules });
    },
  });
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'waiting', waiting_reason: 'processing', retries_used: 0 });
  await harness.engine().publish(id);
  expect(await harness.read(id)).toMatchObject({ status: 'published', retries_used: 0 });
  expect(seen).toEqual([undefined, learnedRules.media]);
  const [row] = await harness.sql<{ rules: unknown }>('select server_rules as rules from accounts where id = $1', [
    account.accountId,
  ]);
  expect(row?.rules).toEqual(learnedRules);
});
