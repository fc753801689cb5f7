import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { adapters } from '../registry.ts';
import type { ConsentAnswer } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { type ConformanceStage, failureOf, idOf, openConformanceStage } from '../testing/test-conformance.ts';
import { opened } from '../testing/test-connect.ts';
import { testPicture } from '../testing/test-media.ts';
import { startRoutes } from '../testing/test-platform.ts';
import { publishThrough } from '../testing/test-publish.ts';
import { startHttpServer } from '../testing/test-server.ts';

const { oauth, refresh } = adapters.bluesky;
if (oauth === undefined || refresh === undefined) throw new Error('there is no consent');
const codeVerifier = 'v'.repeat(43);

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());
afterEach(() => stage.sandbox.control('DELETE', '/_sandbox/faults'));

const on = () => stage.on('bluesky');
const pds = () => stage.sandbox.hosts['bluesky'] ?? '';
const issuerOrigin = () => stage.sandbox.hosts['bluesky-auth'] ?? '';
const requestsTo = async (path: string) => {
  const { items } = (await stage.sandbox.control('GET', '/_sandbox/requests?platform=bluesky&limit=1000')) as {
    items: { path: string; status: number }[];
  };
  return items.filter((entry) => entry.path.includes(path));
};

async function consented(handle = stage.sandbox.newHandle()) {
  const consent = await stage.sandbox.consent({
    adapter: adapters.bluesky,
    endpoints: on().endpoints,
    http: on().http(),
    server: pds(),
    handle,
    codeVerifier,
  });
  const answer: ConsentAnswer = {
    ...consent,
    endpoints: on().endpoints,
    http: on().http(),
    codeVerifier,
    now: new Date(),
  };
  return { handle, answer };
}

async function connected() {
  const { answer } = await consented();
  return opened(await exchange(answer));
}

function exchange(answer: ConsentAnswer, more: Partial<ConsentAnswer> = {}) {
  return oauth?.exchange({ ...answer, ...more }) ?? Promise.reject(new Error('there is no consent'));
}

describe('what comes back from the consent page', () => {
  test.each([null, 'https://evil.example'])(
    'is refused where %s sent it, and the code shown to nobody',
    async (issuer) => {
      const { answer } = await consented();
      const before = (await requestsTo('/oauth/token')).length;
      expect(await failureOf(exchange(answer, { issuer }))).toMatchObject({ platformCode: 'issuer_mismatch' });
      expect(await requestsTo('/oauth/token')).toHaveLength(before);
    },
  );

  test('is of the account that was named, or is revoked again', async () => {
    const { answer } = await consented();
    const pending = { ...answer.pending, did: `did:plc:${'a'.repeat(24)}` };
    expect(await failureOf(exchange(answer, { pending }))).toMatchObject({ platformCode: 'sub_mismatch' });
    expect((await requestsTo('/oauth/revoke')).at(0)?.status).toBe(200);
  });

  test('opens nothing where the account’s own server does not name who gave the tokens', async () => {
    await using other = await startRoutes({
      'GET /.well-known/oauth-protected-resource': () => ({
        json: { resource: other.origin, authorization_servers: ['https://auth.example'] },
      }),
    });
    await using directory = await startHttpServer((request, response) => {
      const id = decodeURIComponent(request.url ?? '').slice(1);
      const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: other.origin }];
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ id, service }));
    });
    const { answer } = await consented();
    const endpoints: PlatformEndpoints = {
      ...on().endpoints,
      hosts: { ...on().endpoints.hosts, plc: directory.origin },
    };
    expect(await failureOf(exchange(answer, { endpoints }))).toMatchObject({ platformCode: 'issuer_not_named' });
  });
});

describe('an account that came by consent', () => {
  test('is found by its handle alone, is the same as by app password, and holds its key beside the tokens', async () => {
    const made = await stage.sandbox.makeAccount('bluesky');
    const place = { endpoints: on().endpoints, http: on().http(), redirectUri: 'http://localhost:1/callback' };
    const client = (await oauth.describedClient?.make({ address: 'http://localhost:1/client', ...place })) ?? null;
    const request = { ...place, state: 's', codeChallenge: 'c'.repeat(43), server: null, client, now: new Date() };
    const { authorizationUrl, pending } = await oauth.begin({ ...request, handle: `@${made.account.handle}` });
    expect(new URL(authorizationUrl).origin).toBe(issuerOrigin());
    expect([...new URL(authorizationUrl).searchParams.keys()]).toEqual(['client_id', 'request_uri']);
    expect(pending).toMatchObject({ issuer: issuerOrigin(), did: made.account.id });
    expect(await failureOf(oauth.begin({ ...request, handle: 'nobody.invalid' }))).toMatchObject({ kind: 'content' });

    const { answer } = await consented(made.account.handle);
    const { account, credentials } = opened(await exchange(answer));
    const byHand = await on().connectAs(made);
    expect(account).toEqual(byHand.account);
    expect(JSON.parse(credentials.details?.['proofKey'] ?? '')).toMatchObject({ kty: 'EC', d: expect.any(String) });
  });

  test('posts with a picture once, although each server wants a new nonce in between', async () => {
    const access = await connected();
    await stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: 10 * 60_000 });
    const more = { media: [stage.media.serve(testPicture('a picture'))] };
    const publication = on().publicationOf(access, 'bound to a key', 10_000, more);
    const fate = await publishThrough(stage.sandbox, publication);
    const seen = await stage.sandbox.posts('bluesky', access.account.externalId);
    expect(seen).toMatchObject({ commits: 1, items: [{ id: idOf(fate), text: 'bound to a key' }] });
  });

  test('whose nonce ends right before the send has it sent once', async () => {
    const access = await connected();
    await publishThrough(stage.sandbox, on().publicationOf(access, 'first'));
    await stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: 10 * 60_000 });
    await publishThrough(stage.sandbox, on().publicationOf(access, 'second'));
    const statuses = (await requestsTo('putRecord')).slice(0, 2).map(({ status }) => status);
    expect(statuses).toEqual([200, 401]);
    expect(await stage.sandbox.posts('bluesky', access.account.externalId)).toMatchObject({ commits: 2 });
  });

  test('whose answer was lost is found', async () => {
    const access = await connected();
    await publishThrough(stage.sandbox, on().publicationOf(access, 'warm'));
    const publication = on().publicationOf(access, 'in doubt', 3_000);
    await stage.sandbox.control('POST', '/_sandbox/faults', {
      platform: 'bluesky',
      pathIncludes: 'putRecord',
      kind: 'reset-after',
      times: 1,
    });
    expect(await failureOf(publication.publish())).toMatchObject({ kind: 'ambiguous' });
    expect(await publication.reconcile()).toMatchObject({ kind: 'found' });
  });

  test('whose token has ended is told as that; the next one works, and the last refresh token ends the session', async () => {
    const { account, credentials } = await connected();
    await stage.sandbox.control('POST', '/_sandbox/tokens/expire', {
      platform: 'bluesky',
      account: account.externalId,
    });
    const publish = (given: typeof credentials) =>
      on().publicationOf({ account, credentials: given }, 'after').publish();
    expect(await failureOf(publish(credentials))).toMatchObject({ kind: 'auth_expired' });
    const renew = (given: typeof credentials) =>
      refresh.refresh({ endpoints: on().endpoints, http: on().http(), account, credentials: given, now: new Date() });
    const fresh = await renew(credentials);
    expect(fresh).toMatchObject({ details: credentials.details, expiresAt: expect.any(String) });
    expect(fresh.refreshToken).not.toBe(credentials.refreshToken);
    expect(await publish(fresh)).toMatchObject({ kind: 'published' });
    const reused = await failureOf(renew(credentials));
    expect(reused).toMatchObject({ kind: 'auth_revoked', platformCode: 'invalid_grant' });
    expect(inspect(reused, { depth: 9 })).not.toContain(credentials.refreshToken);
    expect(await failureOf(renew(fresh))).toMatchObject({ kind: 'auth_revoked' });
  });

  test('is forgotten by its server when it is disconnected', async () => {
    const { account, credentials } = await connected();
    await oauth.revoke?.({ endpoints: on().endpoints, http: on().http(), credentials, now: new Date() });
    const publication = on().publicationOf({ account, credentials }, 'too late');
    expect(await failureOf(publication.publish())).toMatchObject({ kind: 'auth_expired' });
  });
});

describe('as whom we come', () => {
  const redirectUri = 'https://me.example/callback';

  test('below https a client with a key, of which only the public half is told', async () => {
    const place = { address: 'https://me.example/client', redirectUri };
    const client = await oauth.describedClient?.make(place);
    if (client === undefined) throw new Error('no client');
    const described = await oauth.describedClient?.describe(client, place);
    expect(described).toMatchObject({
      client_id: place.address,
      redirect_uris: [redirectUri],
      dpop_bound_access_tokens: true,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'EC', alg: 'ES256', kid: expect.any(String) }] },
    });
    const { d } = JSON.parse(client.secret) as { d: string };
    expect(JSON.stringify(described)).not.toContain(d);
    expect(JSON.stringify(described)).not.toContain('"d"');
  });

  test.each(['http://10.0.0.5:3000/client', 'https://203.0.113.1/client', 'http://me.example/client'])(
    'no server would take %s',
    async (address) => {
      const made = oauth.describedClient?.make({ address, redirectUri });
      expect(await failureOf(made)).toMatchObject({
        kind: 'permission',
        message: expect.stringContaining('PUBLIC_URL'),
      });
    },
  );
});

const shortHttp = () => {
  const http = on().http();
  return { request: (wanted: Parameters<typeof http.request>[0]) => http.request({ ...wanted, timeoutMs: 500 }) };
};

describe('a server that says too much, too late or something else', () => {
  const begin = (server: string) =>
    oauth.begin({
      endpoints: on().endpoints,
      http: shortHttp(),
      redirectUri: 'http://127.0.0.1:1/callback',
      state: 's',
      codeChallenge: 'c'.repeat(43),
      server,
      handle: null,
      client: { id: 'http://localhost', secret: '' },
      now: new Date(),
    });

  test('is no place to send anybody to', async () => {
    const resource = (origin: string) => ({ resource: origin, authorization_servers: [origin] });
    const metadata = async () => (await fetch(`${issuerOrigin()}/.well-known/oauth-authorization-server`)).json();
    const known = (await metadata()) as Record<string, unknown>;
    const wrong = [
      {},
      known,
      { require_pushed_authorization_requests: false },
      { code_challenge_methods_supported: ['plain'] },
      { dpop_signing_alg_values_supported: ['RS256'] },
      { pushed_authorization_request_endpoint: 'javascript:alert(1)' },
    ];
    for (const change of wrong) {
      await using server = await startRoutes({
        'GET /.well-known/oauth-protected-resource': () => ({ json: resource(server.origin) }),
        'GET /.well-known/oauth-authorization-server': () => ({
          json:
            Object.keys(change).length === 0 ? 'x'.repeat(2_000_000) : { ...known, issuer: server.origin, ...change },
        }),
      });
      expect(await failureOf(begin(server.origin))).toMatchObject({ message: expect.not.stringContaining('xxx') });
    }
    await using silent = await startHttpServer(() => undefined);
    expect(await failureOf(begin(silent.origin))).toMatchObject({ kind: 'network' });
  });
});
