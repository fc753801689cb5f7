import { afterAll, beforeAll, beforeEach, inject } from 'vitest';
import type { Actor } from '../actor.ts';
import { collectGarbage } from './collect-garbage.ts';
import { createMediaHarness, type MediaHarness } from './test-media.ts';

export let harness: MediaHarness;
export let actor: Actor;

beforeAll(async () => {
  harness = await createMediaHarness(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async () => {
  await harness.sql('delete from posts');
  await harness.sql('delete from media');
  await harness.sql(`update media_objects set stored_at = coalesce(stored_at, now())`);
  await collectGarbage(harness.deps, { unusedDays: 1 });
  actor = await harness.addOrganization();
});

export const tokenOf = (url: string) => new URL(url).searchParams.get('ticket') ?? '';
