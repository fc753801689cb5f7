import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ConformanceStage,
  failureOf,
  idOf,
  openConformanceStage,
  type Publication,
  publishedPart,
} from '../testing/test-conformance.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import { testFilmFacts, testPhoto } from '../testing/test-media.ts';
import { reachSend } from '../testing/test-publish.ts';
import { discord } from './index.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const forumPost = { title: 'How to make tea', tags: ['165511591545143296'] };

/** A forum of the sandbox, connected with the token of a bot. */
async function connectForum() {
  const on = stage.on('discord');
  const handle = `forum-${stage.sandbox.newHandle()}`;
  const made = await stage.sandbox.control('POST', '/_sandbox/accounts', { platform: 'discord', handle });
  const connected = await on.connectAs(made);
  const shown = async () => (await on.visible(connected)).items;
  const publish = (text: string, more: Parameters<typeof on.publicationOf>[3] = {}) =>
    on.publicationOf(connected, text, 10_000, more);
  const { account, credentials } = connected;
  const call = {
    endpoints: on.endpoints,
    http: on.http(),
    account,
    accessToken: credentials.accessToken,
    scopes: [],
    details: {},
  };
  return { on, connected, shown, publish, call };
}

test('a bot begins a post of a forum, with title, tags and files; later it edits, counts and takes off its own', async () => {
  const { shown, publish, call, on } = await connectForum();
  const media = [stage.media.serve(testPhoto('tea'))];
  const options = { forumPost, spoiler: true, suppressEmbeds: true };
  const { kind: _kind, ...post } = publishedPart(await publish('Boil @everyone', { options, media }).publish());
  const id = post.platformPostId;
  expect(post.url).toMatch(new RegExp(`^https://discord\\.com/channels/\\d+/${id}/${id}$`, 'u'));
  expect(await shown()).toMatchObject([
    {
      id,
      text: 'Boil @everyone',
      media: [{ type: 'image' }],
      details: {
        thread_name: forumPost.title,
        applied_tags: forumPost.tags,
        flags: 4,
        allowed_mentions: { parse: [] },
        fileNames: [expect.stringMatching(/^SPOILER_/u)],
      },
    },
  ]);
  const likes = { platform: 'discord', account: call.account.externalId, post: id, likes: 3 };
  await stage.sandbox.control('POST', '/_sandbox/audience', likes);
  const numbers = await discord.metrics?.readPosts({ ...call, http: on.http(), posts: [post], now: new Date() });
  expect(numbers?.get(id)).toContainEqual(expect.objectContaining({ metric: 'reactions', value: 3 }));
  await discord.edit?.({ ...call, http: on.http(), post, content: { text: 'Boil water.', options: {} } });
  expect(await shown()).toMatchObject([{ text: 'Boil water.' }]);
  expect(await discord.remove?.({ ...call, http: on.http(), post })).toBe('removed');
  expect(await shown()).toEqual([]);
});

test('a post whose thread is gone is gone itself, and the forum is not', async () => {
  const { publish, call, on } = await connectForum();
  const { kind: _kind, ...post } = publishedPart(await publish('Boil water.').publish());
  await discord.remove?.({ ...call, http: on.http(), post });
  expect(await discord.remove?.({ ...call, http: on.http(), post })).toBe('already_gone');
  const edit = discord.edit?.({ ...call, http: on.http(), post, content: { text: 'Boil it.', options: {} } });
  expect(await failureOf(edit)).toMatchObject({ kind: 'not_found', platformCode: '10003', accountGone: null });
  const numbers = await discord.metrics?.readPosts({ ...call, http: on.http(), posts: [post], now: new Date() });
  expect(numbers).toEqual(new Map());
  const gone = { ...call, account: { ...call.account, externalId: '175928847299117063' } };
  const account = await failureOf(discord.readAccount?.({ ...gone, http: on.http() }));
  expect(account).toMatchObject({ platformCode: '10003', accountGone: expect.any(String) });
});

test('without a title the first line is one, cut at 100 characters', async () => {
  const { shown, publish } = await connectForum();
  await publish(`${'é'.repeat(130)}\nand more`).publish();
  expect(await shown()).toMatchObject([{ details: { thread_name: `${'é'.repeat(99)}…` } }]);
});

describe('a send without an answer', () => {
  const lose = async (kind: string, publication: Publication, account: string) => {
    await reachSend(stage.sandbox, publication);
    const fault = { platform: 'discord', account, method: 'POST', times: 1, kind };
    await stage.sandbox.control('POST', '/_sandbox/faults', fault);
    expect(await failureOf(publication.publish())).toMatchObject({ kind: 'ambiguous' });
  };

  test.each([[[]], [['a picture']]])('is found among posts of the same title, files %j', async (pictures) => {
    const { shown, publish, connected } = await connectForum();
    const { externalId } = connected.account;
    const options = { forumPost };
    const media = pictures.map((words) => stage.media.serve(testPhoto(words)));
    const others = [await publish('Boil it twice.', { options }).publish()];
    const publication = publish('Boil water.', { options, media });
    await lose('reset-after', publication, externalId);
    others.push(await publish('Boil it thrice.', { options }).publish());
    const [ours] = (await shown()).filter(({ text }) => text === 'Boil water.');
    const found = { kind: 'found', platformPostId: ours?.id, url: expect.stringContaining(`/${ours?.id}/`) };
    expect(await publication.reconcile()).toMatchObject(found);
    const takenPostIds = new Set([ours?.id ?? '', ...others.map(idOf)]);
    expect(await publication.reconcile({ takenPostIds })).toMatchObject({ kind: 'not_seen' });
  });

  test('that never arrived is not seen, unless the list leaves out what is there', async () => {
    const { publish, connected } = await connectForum();
    const { externalId } = connected.account;
    const publication = publish('Boil water.', { options: { forumPost } });
    await lose('reset-before', publication, externalId);
    expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
    const later = idOf(await publish('Later.').publish());
    const lag = { platform: 'discord', account: externalId, kind: 'listing-lag', delayMs: 600_000 };
    await stage.sandbox.control('POST', '/_sandbox/faults', lag);
    expect(await publication.reconcile({ knownSince: [later] })).toMatchObject({ kind: 'inconclusive' });
  });
});

describe('a list that lags for longer than it is looked at', () => {
  const loseAndHide = async (kind: 'reset-after' | 'reset-before') => {
    const forum = await connectForum();
    const { externalId } = forum.connected.account;
    const publication = forum.publish('Boil water.', { options: { forumPost } });
    await reachSend(stage.sandbox, publication);
    const fault = { platform: 'discord', account: externalId, method: 'POST', times: 1, kind };
    await stage.sandbox.control('POST', '/_sandbox/faults', fault);
    expect(await failureOf(publication.publish())).toMatchObject({ kind: 'ambiguous' });
    const lag = { platform: 'discord', account: externalId, kind: 'listing-lag', delayMs: 600_000 };
    await stage.sandbox.control('POST', '/_sandbox/faults', lag);
    return { ...forum, publication };
  };

  test('hides no post that the forum names as its newest', async () => {
    const { publication, shown } = await loseAndHide('reset-after');
    const [ours] = await shown();
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: ours?.id });
  });

  test('proves nothing where a newer one is named: it is not sent again', async () => {
    const { publication, publish } = await loseAndHide('reset-after');
    await publish('Another one.').publish();
    for (let look = 0; look < 3; look += 1)
      expect(await publication.reconcile()).toMatchObject({ kind: 'inconclusive' });
  });

  test('leaves a doubt where the newest one is gone again', async () => {
    const { publication, publish, call, on } = await loseAndHide('reset-before');
    const { kind: _kind, ...post } = publishedPart(await publish('Another one.').publish());
    await discord.remove?.({ ...call, http: on.http(), post });
    expect(await publication.reconcile()).toMatchObject({
      kind: 'not_seen',
      doubt: expect.stringContaining(post.platformPostId),
    });
  });

  test('and a forum that does not name its newest post prove nothing', async () => {
    const { publication, on, connected } = await loseAndHide('reset-before');
    const http = on.http();
    const request: PlatformHttp['request'] = async (wanted) => {
      const answer = await http.request(wanted);
      if (!wanted.url.endsWith(`/channels/${connected.account.externalId}`)) return answer;
      return { ...answer, json: { guild_id: '1100000000000000000' } };
    };
    expect(await publication.reconcile({ http: { request } })).toMatchObject({ kind: 'inconclusive' });
  });
});

describe('posts that were put away', () => {
  /** Answers the list of what was put away with these pages, and counts how many were asked for. */
  const putAway = (http: PlatformHttp, pages: readonly unknown[]) => {
    let asked = 0;
    const request: PlatformHttp['request'] = async (wanted) => {
      if (!wanted.url.includes('/threads/archived/public')) return http.request(wanted);
      const json = { threads: pages[asked] ?? [], has_more: true };
      asked += 1;
      return { status: 200, headers: {}, receivedAt: new Date(), json, text: JSON.stringify(json) };
    };
    return { http: { request }, asked: () => asked };
  };

  test('are followed until they were put away before the send, or tell nothing', async () => {
    const { on, publish, connected } = await connectForum();
    const { externalId } = connected.account;
    const publication = publish('Boil water.', { options: { forumPost } });
    await reachSend(stage.sandbox, publication);
    const fault = { platform: 'discord', account: externalId, method: 'POST', times: 1, kind: 'reset-before' };
    await stage.sandbox.control('POST', '/_sandbox/faults', fault);
    expect(await failureOf(publication.publish())).toMatchObject({ kind: 'ambiguous' });
    const pageAt = (time: number) => [
      {
        id: '1100000000000000001',
        name: 'Another',
        owner_id: '1',
        parent_id: externalId,
        thread_metadata: { archive_timestamp: new Date(time).toISOString() },
      },
    ];
    const later = pageAt(Date.now() + 3_600_000);
    const ended = putAway(on.http(), [later, later, pageAt(Date.now() - 86_400_000), later]);
    expect(await publication.reconcile({ http: ended.http })).toMatchObject({ kind: 'not_seen' });
    expect(ended.asked()).toBe(3);
    const endless = putAway(
      on.http(),
      Array.from({ length: 50 }, () => later),
    );
    expect(await publication.reconcile({ http: endless.http })).toMatchObject({ kind: 'cannot_tell' });
    expect(endless.asked()).toBe(10);
  });
});

test('what does not go together is a fault of its option', async () => {
  const { connected } = await connectForum();
  const film = testFilmFacts();
  const fields = (account: typeof connected.account, options: object, text = 'tea') =>
    discord.validate({ text, media: [film], options: { ...options } }, account).map(({ field }) => field);
  expect(fields(connected.account, { forumPost })).toEqual([]);
  expect(fields(connected.account, {}, '')).toEqual(['options.forumPost']);
  expect(fields(connected.account, { threadId: '1' })).toEqual(['options.threadId']);
  const { externalId, handle, service } = connected.account;
  const embeds = [{ title: 'Tea' }, { color: 255, url: 'https://example.com' }];
  expect(fields(connected.account, { embeds })).toEqual(['options.embeds.1']);
  expect(fields({ externalId, handle, service }, { forumPost })).toEqual(['options.forumPost']);
});
