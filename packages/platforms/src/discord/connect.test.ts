import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { discord } from './index.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';

const client = openTestClient('discord');
afterAll(() => client[Symbol.asyncDispose]());

const channelId = '175928847299117063';
const given = { botToken: 'b0t-s3cret', channelId };
const connect = (origin: string, credentials: Record<string, string> = given) =>
  discord.manual?.connect({
    endpoints: testEndpoints({ api: origin }),
    http: client.http(),
    credentials,
    now: new Date(),
  });

const me = 'GET /api/v10/users/@me';
const channel = `GET /api/v10/channels/${channelId}`;
const routes = {
  [me]: () => ({ json: { id: '80351110224678912', username: 'news', bot: true } }),
  [channel]: () => ({ json: { id: channelId, type: 5, guild_id: '41771983423143937', name: 'announcements' } }),
  'GET /api/v10/guilds/41771983423143937': () => ({ json: { id: '41771983423143937', name: 'Ada & Co' } }),
};

test('an account is a channel, under its name and that of its server', async () => {
  await using server = await startRoutes(routes);
  expect(await connect(server.origin)).toEqual({
    credentials: { accessToken: 'b0t-s3cret', scopes: [] },
    service: null,
    accounts: [{ externalId: channelId, handle: '#announcements', displayName: 'announcements (Ada & Co)' }],
  });
  expect(server.seen.map(({ headers }) => headers['authorization'])).toEqual(Array(3).fill('Bot b0t-s3cret'));
  expect(server.seen[0]?.headers['user-agent']).toMatch(/^DiscordBot \(.+, .+\)$/);
});

test.each([15, 16])('a forum, a channel of type %i, is kept as one', async (type) => {
  const forum = { id: channelId, type, guild_id: '41771983423143937', name: 'help' };
  await using server = await startRoutes({ ...routes, [channel]: () => ({ json: forum }) });
  const { accounts } = (await connect(server.origin)) ?? {};
  expect(accounts).toMatchObject([{ handle: '#help', serverRules: { isForum: true } }]);
});

test.each([
  ['a category', { type: 4, guild_id: '1' }],
  ['a direct message', { type: 1 }],
])('%s takes no messages of ours', async (_what, kind) => {
  await using server = await startRoutes({ ...routes, [channel]: () => ({ json: { id: channelId, ...kind } }) });
  await expect(connect(server.origin)).rejects.toMatchObject({ kind: 'content', platformCode: 'channel_type' });
});

test('a token that Discord does not know is refused and not shown', async () => {
  const json = { message: 'no such token: b0t-s3cret', code: 0 };
  await using server = await startRoutes({ ...routes, [me]: () => ({ status: 401, json }) });
  const failure = await connect(server.origin)?.catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: 'auth_revoked' });
  expect(inspect(failure, { depth: 9 })).not.toContain('s3cret');
});

describe('the form', () => {
  const faultsOf = (credentials: object) =>
    discord.manual?.credentials
      .safeParse(credentials)
      .error?.issues.map(({ path, message }) => [path.join('.'), message]);

  test('names every fault at its field', () => {
    expect(faultsOf({ channelId: '#general', surplus: 'x' })).toEqual([
      ['botToken', "the bot's token is missing"],
      ['channelId', "must be the channel's id, a number of 17 to 20 digits"],
      ['', expect.stringContaining('surplus')],
    ]);
  });

  test('takes the names that every platform has, but nothing twice', () => {
    expect(
      discord.manual?.credentials.parse({
        accessToken: ' t ',
        refreshToken: 'r',
        expiresAt: '2030-01-01T00:00:00Z',
        externalId: channelId,
      }),
    ).toEqual({
      kind: 'bot',
      botToken: 't',
      channelId,
    });
    expect(faultsOf({ ...given, accessToken: 'other' })).toEqual([['', expect.stringContaining('accessToken')]]);
  });
});
