import type { CreatePost } from '@vibetribe/contracts/post';
import { newId } from '@vibetribe/db/new-id';
import { midnightMs } from '@vibetribe/platforms/http/midnight';
import type { PlatformLimits } from '@vibetribe/platforms/port/adapter';
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
    await harness.sql('update grants set source = $2 where id = (select grant_id from accounts where id = $1)', [
      other,
      'manual',
    ]);
    expect((await validatePost(deps, someone, input)).results[0]?.warnings).toEqual([]);
    const stranger = await harness.addActor();
    const foreign = { ...input, accountIds: [await harness.addAccount(stranger)] };
    expect((await validatePost(deps, stranger, foreign)).results[0]?.warnings).toEqual([]);
  });

  test('the units of a day are told, whose border is the platform’s midnight; a picture may cost some', async () => {
    const someone = await harness.addActor();
    const accountId = await harness.addAccount(someone);
    const deps = withUnits({ limit: 2, costOfPost: ({ media }) => 1 + media.length });
    const midnight = midnightMs(new Date(Date.now() + 2 * 3_600_000), pacific);
    const at = (minutes: number) => new Date(midnight + minutes * 60_000).toISOString();
    await harness.create(someone, { content: 'One', accountIds: [accountId], scheduledAt: at(-60) }, deps);
    const mediaIds = [await addPicture(someone)];
    const told = async (scheduledAt: string, input: Partial<CreatePost>) => {
      const post = { content: 'Two', accountIds: [accountId], scheduledAt, ...input };
      const { results } = await validatePost(deps, someone, post);
      return results[0]?.warnings.flatMap(({ code, message }) => (code === 'limit_units' ? [message] : []));
    };
    expect(await told(at(-30), {})).toEqual([]);
    expect(await told(at(-30), { mediaIds })).toEqual([expect.stringContaining(at(0))]);
    expect(await told(at(30), { mediaIds })).toEqual([]);
  });
});

const pacific = 'America/Los_Angeles';
type Units = NonNullable<PlatformLimits['appUnitsPerDay']>;

/** Every platform counts in these units. */
function withUnits(units: Pick<Units, 'limit' | 'costOfPost'>): CoreDependencies {
  const appUnitsPerDay = { ...units, dayBeginsIn: pacific, costOfCall: () => 0 };
  const counted = Object.entries(harness.deps.adapters).map(([id, adapter]) => [
    id,
    { ...adapter, limits: { ...adapter.limits, appUnitsPerDay } },
  ]);
  return { ...withLimits({}), adapters: Object.fromEntries(counted) as CoreDependencies['adapters'] };
}

async function addPicture({ organizationId }: Actor): Promise<string> {
  const [id, objectId] = [newId('media'), newId('mediaObject')];
  const facts = { kind: 'image', mimeType: 'image/png', bytes: 5, width: 100, height: 100, durationMs: null };
  await harness.sql(
    `insert into media_objects (id, organization_id, store, store_key, mime_type, bytes, sha256, facts, stored_at)
     values ($1, $2, 'local', $1, 'image/png', 5, $1, $3, now())`,
    [objectId, organizationId, { ...facts, alpha: false, animated: false, frames: 1 }],
  );
  await harness.sql(
    `insert into media (id, organization_id, public_id, kind, mime_type, bytes, sha256, object_id)
     values ($1, $2, $1, 'image', 'image/png', 5, 'x', $3)`,
    [id, organizationId, objectId],
  );
  return id;
}

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
  expect(await of('He left.Then he wrote to ada.b@example.com')).toEqual([expect.stringContaining('$0.015')]);
  const thread = [{ content: 'Two' }, { content: 'See example.com' }];
  const [told] = await warned(deps, { content: 'One', thread, accountIds: [accountId] });
  expect(told?.message).toMatch(/\$0\.230 \(2 × a post without a link, 1 × a post with a link\)/u);
  expect(await warned(harness.deps, { content: 'No link', accountIds: [accountId] })).toEqual([]);
});
