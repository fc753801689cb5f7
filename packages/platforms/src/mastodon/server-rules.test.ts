import { afterAll, describe, expect, test } from 'vitest';
import type { ServerRules } from '../port/account.ts';
import { testEndpoints } from '../testing/test-endpoints.ts';
import { openTestClient, startRoutes } from '../testing/test-platform.ts';
import { mastodon } from './index.ts';

const client = openTestClient('mastodon');
afterAll(() => client[Symbol.asyncDispose]());

const endpoints = testEndpoints();
const connect = (instance: string) =>
  mastodon.manual?.connect({
    endpoints,
    http: client.http(),
    credentials: { instance, accessToken: 'token' },
    now: new Date(),
  });

interface Server {
  me?: object;
  v1?: object;
  v2?: object;
  /** What nodeinfo calls it. */
  software?: string;
  nodeInfoOrigin?: string;
  application?: object;
}

const routeMe = 'GET /api/v1/accounts/verify_credentials';

async function connected(server: Server) {
  const routes: Record<string, object | undefined> = {
    [routeMe]: { id: '7', username: 'ada', acct: 'ada', display_name: 'Ada', ...server.me },
    'GET /api/v1/instance': server.v1,
    'GET /api/v2/instance': server.v2,
    'GET /api/v1/apps/verify_credentials': server.application,
    'GET /nodeinfo/2.0':
      server.software === undefined ? undefined : { software: { name: server.software, version: '1' } },
  };
  let origin = '';
  await using running = await startRoutes({
    ...Object.fromEntries(
      Object.entries(routes).flatMap(([route, json]) => (json === undefined ? [] : [[route, () => ({ json })]])),
    ),
    'GET /.well-known/nodeinfo': () => ({
      json: {
        links: [
          {
            rel: 'http://nodeinfo.diaspora.software/ns/schema/2.0',
            href: `${server.nodeInfoOrigin ?? origin}/nodeinfo/2.0`,
          },
        ],
      },
    }),
  });
  origin = running.origin;
  const grant = await connect(`${origin}/@ada`);
  const account = grant?.accounts[0];
  if (account === undefined) throw new Error('no account');
  const credentialless = running.seen.filter(({ headers }) => headers['authorization'] === undefined);
  return { grant, account, host: new URL(origin).host, asked: running.seen.map(({ route }) => route), credentialless };
}

const rulesOf = async (server: Server): Promise<ServerRules | undefined> =>
  (await connected(server)).account.serverRules;
const statuses = { max_characters: 5_000, max_media_attachments: 4, characters_reserved_per_url: 40 };

test('learns who it is, what the instance allows, what runs there and as which application we come', async () => {
  const { grant, account } = await connected({
    v2: { domain: 'social.example', configuration: { statuses } },
    software: 'Mastodon',
    application: { name: 'Our app', website: null },
  });
  expect(grant?.credentials).toEqual({ accessToken: 'token', scopes: [] });
  const serverRules: ServerRules = {
    textMax: 5_000,
    urlCharacters: 40,
    media: { countMax: 4 },
    software: 'mastodon',
    application: 'Our app',
  };
  expect(account).toEqual({ externalId: '7', handle: 'ada@social.example', displayName: 'Ada', serverRules });
  const counted = { externalId: '7', handle: 'ada', service: 'https://i', serverRules };
  expect(mastodon.validate({ text: 'a'.repeat(5_000), options: {}, media: [] }, counted)).toEqual([]);
  expect(mastodon.validate({ text: 'a'.repeat(5_001), options: {}, media: [] }, counted)).toHaveLength(1);
});

test('is refused with a token that the instance does not know', async () => {
  await using server = await startRoutes({
    [routeMe]: () => ({ status: 401, json: { error: 'The access token is invalid' } }),
  });
  await expect(connect(server.origin)).rejects.toMatchObject({ kind: 'auth_revoked' });
});

describe('servers that speak Mastodon’s API', () => {
  test.each([{}, { v2: {} }, { v2: { configuration: { statuses: { max_characters: -1 } } } }])(
    'that tell nothing (%j) go by the defaults',
    async (server) => {
      const { account, host } = await connected(server);
      expect(account).toEqual({ externalId: '7', handle: `ada@${host}`, displayName: 'Ada' });
    },
  );

  test('Ktistec: a link counts 0 there, which is none of its numbers, and the others hold', async () => {
    const odd = { max_characters: 10_000, max_media_attachments: 4, characters_reserved_per_url: 0 };
    const media = { image_size_limit: 10_000_000, image_matrix_limit: 0, video_size_limit: 0, video_matrix_limit: 0 };
    const v2 = {
      version: '4.2.0 (compatible; Ktistec 3.0.1)',
      configuration: { statuses: odd, media_attachments: media },
    };
    const rules = await rulesOf({ v2 });
    expect(rules).toEqual({
      textMax: 10_000,
      urlCharacters: null,
      media: { countMax: 4, imageBytesMax: 10_000_000 },
      software: 'ktistec',
    });
    const account = {
      externalId: '7',
      handle: 'ada',
      service: 'https://i',
      ...(rules === undefined ? {} : { serverRules: rules }),
    };
    const long = `${'https://a.example/'}${'x'.repeat(9_990)}`;
    expect(mastodon.validate({ text: long, options: {}, media: [] }, account)).toHaveLength(1);
  });

  test('Pleroma and Akkoma: the older form, with a limit of its own name', async () => {
    const v1 = {
      uri: 'https://pleroma.example',
      version: '2.7.2 (compatible; Pleroma 2.4.0)',
      max_toot_chars: 5_000,
      upload_limit: 16_000_000,
      description_limit: 5_000,
    };
    const { account } = await connected({ v1, me: { display_name: null } });
    expect(account).toEqual({
      externalId: '7',
      handle: 'ada@pleroma.example',
      displayName: 'ada',
      serverRules: {
        textMax: 5_000,
        urlCharacters: null,
        media: { altCharactersMax: 5_000, imageBytesMax: 16_000_000, videoBytesMax: 16_000_000 },
        software: 'pleroma',
      },
    });
  });

  test('GoToSocial: the domain of its accounts is not that of the server', async () => {
    const v2 = { domain: 'gts.example.org', account_domain: 'example.org', configuration: { statuses } };
    expect((await connected({ v2, software: 'gotosocial' })).account.handle).toBe('ada@example.org');
  });

  test('older Mastodon: the older form alone, and from before it told numbers', async () => {
    expect(
      await rulesOf({ v1: { uri: 'old.example', configuration: { statuses } }, software: 'mastodon' }),
    ).toMatchObject({
      textMax: 5_000,
      urlCharacters: 40,
    });
    expect(await rulesOf({ v1: { uri: 'old.example', version: '3.3.0' }, software: 'mastodon' })).toEqual({
      textMax: 500,
      urlCharacters: 23,
      software: 'mastodon',
    });
  });

  test('a number that is missing in the newer form is taken from the older', async () => {
    const v1 = { max_toot_chars: 3_000 };
    const v2 = { domain: 'a.example', configuration: { statuses: { max_media_attachments: 8 } } };
    expect(await rulesOf({ v1, v2 })).toEqual({ textMax: 3_000, urlCharacters: null, media: { countMax: 8 } });
  });

  test('each number stands for itself', async () => {
    const v2 = {
      domain: 7,
      configuration: {
        statuses: { max_characters: 'many', characters_reserved_per_url: 25, max_media_attachments: null },
        media_attachments: { supported_mime_types: 'all', image_size_limit: 1_000 },
      },
    };
    expect(await rulesOf({ v2 })).toEqual({ textMax: 500, urlCharacters: 25, media: { imageBytesMax: 1_000 } });
  });

  test('a number that is written as text is one, and more files than anybody sends are many', async () => {
    const v2 = {
      configuration: {
        statuses: { max_characters: '3000', characters_reserved_per_url: '0', max_media_attachments: 1_000 },
        media_attachments: { image_size_limit: '16000000', video_size_limit: '-1', description_limit: '1e3' },
      },
    };
    expect(await rulesOf({ v2 })).toEqual({
      textMax: 3_000,
      urlCharacters: null,
      media: { countMax: 100, imageBytesMax: 16_000_000 },
    });
  });

  test('what runs there is asked of the server itself, without the token', async () => {
    const { credentialless, asked } = await connected({ software: 'pixelfed' });
    expect(credentialless.map(({ route }) => route)).toEqual(['GET /.well-known/nodeinfo', 'GET /nodeinfo/2.0']);
    expect(asked).toContain(routeMe);
    const elsewhere = await connected({ software: 'pixelfed', nodeInfoOrigin: 'http://127.0.0.1:1' });
    expect(elsewhere.account).not.toHaveProperty('serverRules');
  });
});
