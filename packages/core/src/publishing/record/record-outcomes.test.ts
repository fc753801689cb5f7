import type { PublishRun } from '@vibetribe/platforms/adapter';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createEngineWorld, type EngineWorld } from '../testing/test-engine.ts';

let world: EngineWorld;
beforeEach(async () => {
  world = await createEngineWorld(inject('postgresUrl'));
});
afterEach(() => world[Symbol.asyncDispose]());

test('an outcome that cannot be written holds up nobody who is in one batch with it', async () => {
  const account = await world.addAccount();
  const [strange, other] = [
    await world.addPublication({ ...account, text: 'strange' }),
    await world.addPublication({ ...account, text: 'other' }),
  ];
  const answered = Promise.withResolvers<void>();
  let answers = 0;
  Object.assign(world.platform.adapter, {
    publish: async (send: PublishRun) => {
      await send.step({ name: 'publish', effect: 'once', run: () => Promise.resolve(null) });
      answers += 1;
      if (answers === 2) answered.resolve();
      await answered.promise;
      // PostgreSQL takes no NUL in a text.
      return { kind: 'published', platformPostId: send.content.text === 'strange' ? 'a\0b' : 'ab', url: null };
    },
  });
  const engine = world.engine();
  await Promise.allSettled([engine.publish(strange), engine.publish(other)]);
  expect(await world.read(other)).toMatchObject({ status: 'published' });
  expect(await world.read(strange)).toMatchObject({ status: 'publishing' });
});
