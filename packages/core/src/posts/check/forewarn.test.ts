import type { CreatePost } from '@vibetribe/contracts/post';
import { adapters } from '@vibetribe/platforms/registry';
import { testEndpoints } from '@vibetribe/platforms/testing/test-endpoints';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Actor } from '../../actor.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { createPostTestHarness, inMinutes, type PostTestHarness } from '../test-harness.ts';
import { validatePost } from './validate-post.ts';

let harness: PostTestHarness;
let actor: Actor;
beforeAll(async () => {
  harness = await createPostTestHarness(inject('postgresUrl'));
  actor = await harness.addActor();
});
afterAll(() => harness[Symbol.asyncDispose]());

const withLimits = (limits: { perHour?: number; perDay?: number }): CoreDependencies => ({
  ...harness.deps,
  postsPerHour: () => limits.perHour ?? 1_000,
  appPostsPerDay: () => limits.perDay ?? null,
});
const warned = async (deps: CoreDependencies, input: Partial<CreatePost> & Pick<CreatePost, 'accountIds'>) => {
  const { results, valid } = await validatePost(deps, actor, { content: 'New', ...input });
  expect(valid).toBe(true);
  return results.flatMap(({ warnings }) => warnings);
};

describe('a post that will not fit', () => {
  test('its hour is told, with the numbers and the time at which it would go out', async () => {
    const deps = withLimits({ perHour: 2 });
    const accountId = await harness.addAccount(actor);
    const [first, second, third, late] = [30, 40, 50, 95].map(inMinutes);
    const post = (content: string, scheduledAt = third) =>
      harness.create(actor, { content, accountIds: [accountId], ...(scheduledAt ? { scheduledAt } : {}) }, deps);
    expect((await post('One', first)).warnings).toBeUndefined();
    expect((await post('Two', second)).warnings).toBeUndefined();
    const outAt = new Date(Date.parse(first ?? '') + 3_600_000).toISOString();
    const told = { code: 'limit_hour', field: 'scheduledAt', message: expect.stringContaining(outAt) };
    const at = third === undefined ? {} : { scheduledAt: third };
    expect(await warned(deps, { accountIds: [accountId], ...at })).toMatchObject([told]);
    expect(await warned(deps, { accountIds: [accountId], scheduledAt: late ?? '' })).toEqual([]);
    const three = await post('Three', third);
    expect(three.warnings).toMatchObject([{ accountId, ...told }]);
    expect(three.warnings?.[0]?.message).toMatch(/2 posts an hour.*2 of them/u);
    const other = await harness.addAccount(actor);
    expect(await warned(deps, { accountIds: [other], ...at })).toEqual([]);
  });

  test('the day of the application is told, over all accounts of its platform', async () => {
    const someone = await harness.addActor();
    const deps = withLimits({ perDay: 1 });
    const [one, other] = [await harness.addAccount(someone), await harness.addAccount(someone)];
    await harness.create(someone, { content: 'One', accountIds: [one], scheduledAt: inMinutes(60) }, deps);
    const input = { content: 'Two', accountIds: [other], scheduledAt: inMinutes(120) };
    const { results } = await validatePost(deps, someone, input);
    expect(results[0]?.warnings).toMatchObject([
      { code: 'limit_day', message: expect.stringContaining('1 posts a day') },
    ]);
    const stranger = await harness.addActor();
    const foreign = { ...input, accountIds: [await harness.addAccount(stranger)] };
    expect((await validatePost(deps, stranger, foreign)).results[0]?.warnings).toEqual([]);
  });
});

test('what a platform bills is told, where it is the platform’s', async () => {
  const billed = Object.values(adapters).find(({ limits }) => limits.costOfPost !== undefined);
  if (billed === undefined) throw new Error('no platform bills anything');
  const accountId = await harness.addAccount(actor, { platform: billed.id });
  const deps = { ...harness.deps, endpoints: () => testEndpoints({ api: 'https://api.example' }) };
  deps.adapters = adapters;
  const of = async (content: string) =>
    (await warned(deps, { content, accountIds: [accountId] })).map(({ message }) => message);
  expect(await of('No link')).toEqual([expect.stringContaining('$0.015')]);
  expect(await of('See https://example.com')).toEqual([expect.stringContaining('$0.200')]);
  expect(await of('See example.com')).toEqual([expect.stringContaining('$0.200')]);
  expect(await warned(harness.deps, { content: 'No link', accountIds: [accountId] })).toEqual([]);
});
