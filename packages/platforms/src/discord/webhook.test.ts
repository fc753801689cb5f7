import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type ConformanceStage,
  failureOf,
  idOf,
  openConformanceStage,
  publishedPart,
} from '../testing/test-conformance.ts';
import { opened } from '../testing/test-connect.ts';
import { testPhoto } from '../testing/test-media.ts';
import { discord } from './index.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const Made = z.looseObject({ account: z.object({ id: z.string(), handle: z.string() }), webhook: z.string() });

/** A channel of the sandbox, connected by the address of its webhook alone. */
async function connectByWebhook(handle: string) {
  const on = stage.on('discord');
  const given = { platform: 'discord', handle: `${handle}-${stage.sandbox.newHandle()}` };
  const made = Made.parse(await stage.sandbox.control('POST', '/_sandbox/accounts', given));
  const connect = (webhookUrl: string) =>
    discord.manual?.connect({
      endpoints: on.endpoints,
      http: on.http(),
      credentials: { webhookUrl },
      now: new Date(),
    });
  const grant = await connect(made.webhook);
  if (grant === undefined) throw new Error('it was not connected');
  const connected = { made, ...opened(grant) };
  const shown = async () => (await stage.sandbox.posts('discord', made.account.id)).items;
  const publish = (text: string, more: Parameters<typeof on.publicationOf>[3] = {}) =>
    on.publicationOf(connected, text, 10_000, more);
  return { on, made, grant, connect, connected, shown, publish };
}

test('an account is a webhook, by its address; it posts text, files, embeds and spoilers, and pings nobody', async () => {
  const { made, grant, connected, shown, publish } = await connectByWebhook('news');
  const token = made.webhook.split('/').at(-1);
  expect(grant).toMatchObject({
    credentials: { accessToken: token },
    accounts: [{ externalId: `webhook-${made.account.id}`, handle: `${made.account.handle} hook` }],
  });
  const media = [stage.media.serve(testPhoto('a picture'))];
  const options = { spoiler: true, suppressEmbeds: true, embeds: [{ title: 'Tea' }] };
  const fate = await publish('@everyone tea', { options, media }).publish();
  expect(fate).toMatchObject({ kind: 'published', url: expect.stringContaining(`/${made.account.id}/`) });
  const [post] = await shown();
  expect(post).toMatchObject({
    text: '@everyone tea',
    details: {
      flags: 4,
      embeds: [{ title: 'Tea' }],
      allowed_mentions: { parse: [] },
      fileNames: [expect.stringMatching(/^SPOILER_/u)],
    },
  });
  expect(await discord.readAccount?.({ ...callOf(connected) })).toMatchObject({
    externalId: connected.account.externalId,
  });
});

function callOf({ account, credentials }: Awaited<ReturnType<typeof connectByWebhook>>['connected']) {
  const on = stage.on('discord');
  return {
    endpoints: on.endpoints,
    http: on.http(),
    account,
    accessToken: credentials.accessToken,
    scopes: [],
    details: {},
  };
}

test('a post of a forum has a title and tags, and others go into its thread', async () => {
  const { shown, publish, connected } = await connectByWebhook('forum');
  const forumPost = { title: 'How to make tea', tags: ['165511591545143296'] };
  const first = await publish('Boil water.', { options: { forumPost } }).publish();
  const threadId = idOf(first);
  await publish('Then wait.', { options: { threadId } }).publish();
  const details = (await shown()).map((item) => item.details);
  expect(details).toContainEqual(
    expect.objectContaining({ thread_name: forumPost.title, applied_tags: forumPost.tags }),
  );
  expect(details).toContainEqual(expect.objectContaining({ thread_id: threadId }));
  const nowhere = await failureOf(publish('lost', { options: { threadId: '175928847299117063' } }).publish());
  expect(nowhere).toMatchObject({ kind: 'not_found', platformCode: '10003', accountGone: null });
  expect(await failureOf(publish('no title').publish())).toMatchObject({ kind: 'content', platformCode: '220001' });
  const both = { text: 't', media: [], options: { forumPost, threadId } };
  expect(discord.validate(both, connected.account)).toMatchObject([{ field: 'options.forumPost' }]);
  const bot = { ...connected.account, externalId: '175928847299117063' };
  expect(discord.validate({ ...both, options: { threadId } }, bot)).toMatchObject([{ field: 'options.threadId' }]);
});

test('what became of a send without an answer nobody can ask: it is not sent again', async () => {
  const { publish, on, connected, made, shown } = await connectByWebhook('doubt');
  const publication = publish('once');
  await on.breakSend(
    { ...connected, account: { ...connected.account, externalId: made.account.id } },
    publication,
    'reset-after',
  );
  expect(await failureOf(publication.publish())).toMatchObject({ kind: 'ambiguous' });
  expect(await publication.reconcile()).toMatchObject({ kind: 'cannot_tell' });
  expect(await shown()).toHaveLength(1);
});

test('an address of another host or another form is refused by its field, and no token is shown', async () => {
  const { connect, made } = await connectByWebhook('refused');
  const token = made.webhook.split('/').at(-1) ?? '';
  const faults = discord.manual?.credentials.safeParse({ webhookUrl: 'https://discord.com/channels/1' }).error?.issues;
  expect(faults).toMatchObject([{ path: ['webhookUrl'] }]);
  const elsewhere = await failureOf(connect(`https://evil.example/api/webhooks/${made.account.id}/${token}`));
  expect(elsewhere).toMatchObject({ kind: 'content', platformCode: 'webhook_address' });
  const wrong = await failureOf(connect(made.webhook.replace(token, `${'x'.repeat(30)}s3cret`)));
  expect(wrong).toMatchObject({ kind: 'auth_revoked' });
  expect(inspect(wrong, { depth: 9 })).not.toContain('s3cret');
});

test.each(['news', 'forum'])(
  'edits and takes off its own messages, those in a thread too: in a channel of %s',
  async (handle) => {
    const { shown, publish, connected } = await connectByWebhook(handle);
    const forumPost = { title: 'How to make tea' };
    const { kind: _kind, ...post } = publishedPart(
      await publish('Boil watr.', { options: handle === 'forum' ? { forumPost } : {} }).publish(),
    );
    const call = { ...callOf(connected), post };
    await discord.edit?.({ ...call, content: { text: 'Boil water.', options: {} } });
    expect(await shown()).toMatchObject([{ text: 'Boil water.' }]);
    expect(await discord.remove?.(call)).toBe('removed');
    expect(await shown()).toEqual([]);
    expect(await discord.remove?.(call)).toBe('already_gone');
  },
);
