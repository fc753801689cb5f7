import { adapters } from '@vibetribe/platforms/registry';
import { openTestClient, startPublication } from '@vibetribe/platforms/testing/test-platform';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { textOf } from '../history.ts';
import { type StandIn, startStandIn } from './start-stand-in.ts';
import type { Whim, WhimKind } from './whims.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn[Symbol.asyncDispose]());
beforeEach(() => {
  for (const site of standIn.sites.values()) site.whims.clear();
});

let posts = 0;
const servers = ['x', 'plain', 'rewriting', 'refusing', 'fork'];

async function begin(name: string) {
  const site = siteOf(name);
  const { platform, memory } = site.api;
  posts += 1;
  const handle = `${name}${posts}`;
  const account = memory.account(handle);
  const accessToken = memory.newToken(account);
  const origin = `http://127.0.0.1:${site.port}`;
  const adapter = adapters[platform as 'x' | 'mastodon'];
  const client = openTestClient(platform as 'x' | 'mastodon');
  const profile = await adapter.readAccount?.({
    account: { externalId: account.id, handle, service: platform === 'x' ? null : origin },
    accessToken,
    details: {},
    scopes: [],
    http: client.http(),
    endpoints: endpointsAt(origin),
  } as never);
  const token = `t-${posts}`;
  const publication = startPublication({
    adapter,
    endpoints: endpointsAt(origin) as never,
    client,
    account: { externalId: account.id, handle, service: profile?.service ?? null, ...rulesOf(profile ?? {}) } as never,
    accessToken,
    content: { text: textOf(token, 1), media: [], options: {} } as never,
    timeoutMs: 1_000,
  });
  const shown = () => memory.listOf(account.id);
  return { site, account, publication, shown };
}

const siteOf = (name: string) => {
  const site = standIn.sites.get(name);
  if (site === undefined) throw new RangeError(`there is no site ${name}`);
  return site;
};
const rulesOf = ({ serverRules }: { serverRules?: unknown }) => (serverRules === undefined ? {} : { serverRules });
const endpointsAt = (origin: string) => ({
  api: `${origin}/x`,
  authorize: null,
  hosts: {},
  version: null,
  client: null,
  clients: {},
});
const whimOf = (kind: WhimKind, isDone = true, delayMs = 100): Whim => ({ kind, times: 1, isDone, delayMs });

test.each(servers)('%s takes a post of the adapter and lists it so that it is found again', async (name) => {
  const { publication, shown } = await begin(name);
  const fate = await publication.publish();
  publication.forget('publish');
  const found = await publication.reconcile();
  expect(found).toMatchObject({ kind: 'found', platformPostId: (fate as { platformPostId: string }).platformPostId });
  expect(shown()).toHaveLength(1);
});

const doubtful: readonly WhimKind[] = ['answers-202', 'answers-204', 'answers-408', 'redirects', 'error-in-200'];
test.each(
  servers.flatMap((name) => doubtful.flatMap((kind) => [true, false].map((isDone) => ({ name, kind, isDone })))),
)(
  '$name $kind (done: $isDone): the send is in doubt, and a look tells what became of it',
  async ({ name, kind, isDone }) => {
    const { site, publication, shown } = await begin(name);
    site.whims.begin(whimOf(kind, isDone));
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(shown()).toHaveLength(isDone ? 1 : 0);
    expect(await publication.reconcile()).toMatchObject({ kind: isDone ? 'found' : 'not_seen' });
  },
);

test.each(servers)('%s answers a few bytes at a time, longer than the request may last', async (name) => {
  const { site, publication } = await begin(name);
  site.whims.begin(whimOf('drips', true, 400));
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  expect(await publication.reconcile()).toMatchObject({ kind: 'found' });
});

test.each(servers)(
  '%s with an error in a list that is called a success is not believed to show nothing',
  async (name) => {
    const { site, publication, shown } = await begin(name);
    site.whims.begin(whimOf('answers-408'));
    await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
    site.whims.begin(whimOf('error-in-listing'));
    await expect(publication.reconcile()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(shown()).toHaveLength(1);
  },
);

test.each(servers)('%s: a post in doubt that its owner has taken down is not seen any more', async (name) => {
  const { site, publication, shown } = await begin(name);
  site.whims.begin(whimOf('answers-408'));
  await expect(publication.publish()).rejects.toMatchObject({ kind: 'ambiguous' });
  const [post] = shown();
  expect(standIn.deleteByHand(site.api.platform, post?.id ?? '')).toBe(true);
  expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
});

test('half a list shows no post that is known, and hides none behind which no known one is hidden', async () => {
  const { site, account, shown, publication } = await begin('plain');
  for (let count = 0; count < 40; count += 1) site.api.postByHand(account, `by hand ${count}`);
  const ids = shown().map(({ id }) => id);
  const [, second] = ids;
  for (const id of ids.slice(1)) standIn.noteKnown('mastodon', id);
  site.whims.begin({ ...whimOf('half-listing'), times: Infinity });
  await publication.publish();
  const listed = await fetch(`http://127.0.0.1:${site.port}/api/v1/accounts/${account.id}/statuses?limit=40`, {
    headers: { authorization: `Bearer ${site.api.memory.newToken(account)}` },
  }).then((answer) => answer.json() as Promise<{ id: string }[]>);
  expect(second).toBeDefined();
  expect(listed.length).toBeLessThan(35);
  expect(listed[0]?.id).toBe(shown()[0]?.id);
});
