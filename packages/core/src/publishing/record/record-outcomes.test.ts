import type { PublishRun } from '@vibetribe/platforms/port/publish';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEngineHarness, type EngineHarness } from '../testing/test-engine.ts';

let harness: EngineHarness;
beforeEach(async () => {
  harness = await createEngineHarness(inject('postgresUrl'));
});
afterEach(() => harness[Symbol.asyncDispose]());

test('an outcome that cannot be written holds up nobody who is in one batch with it', async () => {
  const account = await harness.addAccount();
  const [strange, other] = [
    await harness.addPublication({ ...account, text: 'strange' }),
    await harness.addPublication({ ...account, text: 'other', dueInMs: -2_000 }),
  ];
  const answered = Promise.withResolvers<void>();
  let answers = 0;
  Object.assign(harness.platform.adapter, {
    publish: async (send: PublishRun) => {
      await send.step({ name: 'publish', effect: 'once', run: () => Promise.resolve(null) });
      answers += 1;
      if (answers === 2) answered.resolve();
      await answered.promise;
      // PostgreSQL takes no NUL in a text.
      return { kind: 'published', platformPostId: send.content.text === 'strange' ? 'a\0b' : 'ab', url: null };
    },
  });
  const engine = harness.engine();
  await Promise.allSettled([engine.publish(strange), engine.publish(other)]);
  expect(await harness.read(other)).toMatchObject({ status: 'published' });
  expect(await harness.read(strange)).toMatchObject({ status: 'publishing' });
});
