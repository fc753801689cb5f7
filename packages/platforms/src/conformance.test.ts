import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Credentials } from './port/connect.ts';
import { platformEndpoints } from './endpoints.ts';
import { accessOf } from './account-access.ts';
import { PlatformError } from './platform-error.ts';
import { adapters } from './registry.ts';
import { openTestClient, startPublication, type TestClient } from './test-platform.ts';
import { credentialsFor, opened } from './test-connect.ts';
import { startTestSandbox, type TestSandbox } from './test-sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox(process.execPath);
});
afterAll(() => sandbox[Symbol.asyncDispose]());

describe.each(platformIds)('%s', (platform) => {
  const adapter = adapters[platform];
  let client: TestClient;
  beforeAll(() => {
    client = openTestClient(platform);
  });
  afterAll(() => client[Symbol.asyncDispose]());
  afterEach(() => sandbox.control('DELETE', '/_sandbox/faults'));

  const endpoints = () => platformEndpoints(platform, { sandboxUrl: sandbox.url, env: {} });

  /** A fresh account, connected with the credentials that the sandbox handed out. */
  async function connectByHand() {
    const made = await sandbox.makeAccount(platform);
    const grant = await adapter.manual?.connect({
      endpoints: endpoints(),
      http: client.http(),
      credentials: credentialsFor(sandbox, platform, made),
      now: new Date(),
    });
    if (grant === undefined) throw new Error('the platform cannot be connected by hand');
    return { made, ...opened(grant) };
  }
  type Connected = Awaited<ReturnType<typeof connectByHand>>;

  const publicationOf = (
    { account, credentials }: Pick<Connected, 'account' | 'credentials'>,
    text: string,
    timeoutMs = 10_000,
  ) =>
    startPublication({
      adapter,
      endpoints: endpoints(),
      client,
      account,
      accessToken: credentials.accessToken,
      content: { text, options: {}, media: [] },
      timeoutMs,
    });

  const refreshed = (connected: Connected, credentials: Credentials) =>
    adapter.refresh?.refresh({
      endpoints: endpoints(),
      http: client.http(),
      account: connected.account,
      credentials,
      now: new Date(),
    });

  const visible = ({ account }: Connected) => sandbox.posts(platform, account.externalId);

  const breakSends = ({ account }: Connected, kind: string, more: object = {}) =>
    sandbox.control('POST', '/_sandbox/faults', {
      platform,
      account: account.externalId,
      method: 'POST',
      times: 1,
      kind,
      ...more,
    });

  test('connects an account by hand', async () => {
    const { made, account, credentials } = await connectByHand();
    expect(account.externalId).toBe(made.account.id);
    expect(account.handle).toContain(made.account.handle);
    expect(credentials.accessToken).not.toBe('');
  });

  test('refuses credentials that the platform does not know, without showing them', async () => {
    const made = await sandbox.makeAccount(platform);
    const secrets = adapter.manual?.fields.filter(({ secret }) => secret) ?? [];
    const wrong = Object.fromEntries(secrets.map(({ name }) => [name, 'wr0ng-s3cret']));
    const failure = await failureOf(
      adapter.manual?.connect({
        endpoints: endpoints(),
        http: client.http(),
        credentials: { ...credentialsFor(sandbox, platform, made), ...wrong },
        now: new Date(),
      }),
    );
    expect(failure.kind).toMatch(/^auth_/u);
    expect(inspect(failure, { depth: 9 })).not.toContain('s3cret');
  });

  test.runIf(adapter.oauth !== undefined)('connects an account by consent, with the right verifier only', async () => {
    const handle = sandbox.newHandle();
    const exchange = async (codeVerifier: string) => {
      const http = client.http();
      const consent = await sandbox.consent({ adapter, endpoints: endpoints(), http, handle, codeVerifier: verifier });
      return adapter.oauth?.exchange({
        ...consent,
        endpoints: endpoints(),
        http: client.http(),
        codeVerifier,
        now: new Date(),
      });
    };
    expect((await failureOf(exchange('not the verifier that the challenge was made from'))).kind).toBe('auth_revoked');

    const grant = await exchange(verifier);
    if (grant === undefined) throw new Error('no grant');
    const connected = opened(grant);
    expect(connected.account.handle).toContain(handle);
    expect(await publicationOf(connected, 'by consent').publish()).toMatchObject({ kind: 'published' });
  });

  test.runIf(adapter.readAccount !== undefined)('says what the account is now, as it did at connecting', async () => {
    const { account, credentials } = await connectByHand();
    const profile = await adapter.readAccount?.({
      ...accessOf(credentials, account),
      account,
      endpoints: endpoints(),
      http: client.http(),
    });
    const { externalId, handle, service, serverRules } = account;
    expect(profile).toMatchObject({ externalId, handle, service });
    expect(profile?.serverRules).toEqual(serverRules);
  });

  test('publishes the text as it is, once', async () => {
    const connected = await connectByHand();
    const text = 'Grüße aus 日本 👩‍👩‍👧 & <b>more</b>\n\nhttps://example.com/a?b=1&c=2 #tag';
    const published = await publicationOf(connected, text).publish();
    expect(await visible(connected)).toMatchObject({ commits: 1, items: [{ id: idOf(published), text }] });
  });

  test('published again under the same key it stands there once', async () => {
    const connected = await connectByHand();
    const publication = publicationOf(connected, 'twice under one key');
    const first = await publication.publish();
    publication.forget('publish');
    const second = await publication.publish().catch((error: unknown) => error);

    expect(await visible(connected)).toMatchObject({ commits: 1 });
    expect(second).toMatchObject(adapter.reconciliation.means === 'key' ? first : { kind: 'duplicate' });
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: idOf(first) });
  });

  test.each(['reset-after', 'timeout-after', 'error-after'])('in doubt after %s, the post is found', async (kind) => {
    const connected = await connectByHand();
    await breakSends(connected, kind);
    const publication = publicationOf(connected, `done, but ${kind}: https://example.com & more`, 700);
    expect((await failureOf(publication.publish())).kind).toBe('ambiguous');

    const { items } = await visible(connected);
    expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: items[0]?.id });
    expect(items).toHaveLength(1);
  });

  test.each(['http-500', 'http-503', 'timeout', 'reset-before', 'garbage'])(
    'in doubt after %s, the post is not seen and can be sent again',
    async (kind) => {
      const connected = await connectByHand();
      await breakSends(connected, kind);
      const publication = publicationOf(connected, `not done: ${kind}`, 700);
      expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
      expect(await publication.reconcile()).toMatchObject({ kind: 'not_seen' });
      expect(await publication.publish()).toMatchObject({ kind: 'published' });
      expect(await visible(connected)).toMatchObject({ commits: 1 });
    },
  );

  test('two equal texts in doubt are told apart by who has which', async () => {
    const connected = await connectByHand();
    const first = publicationOf(connected, 'equal texts');
    const published = await first.publish();
    const taken = new Set([idOf(published)]);
    const second = publicationOf(connected, 'equal texts', 700);
    await breakSends(connected, 'timeout');
    expect((await failureOf(second.publish())).kind).toBe('ambiguous');
    expect(await second.reconcile({ takenPostIds: taken })).toMatchObject({ kind: 'not_seen' });
  });

  test.each([
    { what: 'is wrong by a constant', atSendMs: 400_000, atAskMs: 400_000 },
    { what: 'is slow', atSendMs: -400_000, atAskMs: -400_000 },
    { what: 'is set right in between', atSendMs: 400_000, atAskMs: 0 },
    { what: 'goes wrong in between', atSendMs: 0, atAskMs: 400_000 },
  ])(
    'a post in doubt is found where our clock $what, and no older one is taken for it',
    async ({ atSendMs, atAskMs }) => {
      const connected = await connectByHand();
      const text = 'whatever our clock says';
      const older = await publicationOf(connected, text).publish();
      const publication = publicationOf(connected, text, 700);
      await breakSends(connected, 'reset-before');
      expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
      const intent = publication.intents.get('publish');
      if (intent === undefined) throw new Error('nothing was sent');
      const ask = () =>
        publication.reconcile({
          intent: { ...intent, startedAt: new Date(intent.startedAt.getTime() + atSendMs) },
          askedAt: new Date(Date.now() + atAskMs),
        });
      expect(await ask()).toMatchObject({ kind: 'not_seen' });
      // X itself would refuse the equal text.
      if (adapter.reconciliation.means === 'lookup') return;
      await breakSends(connected, 'reset-after');
      expect((await failureOf(publication.publish())).kind).toBe('ambiguous');
      const { items } = await visible(connected);
      const ours = items.find(({ id }) => id !== idOf(older));
      expect(await ask()).toMatchObject({ kind: 'found', platformPostId: ours?.id });
    },
  );

  test('a listing that lags hides the post for a while only', async () => {
    const connected = await connectByHand();
    await sandbox.control('POST', '/_sandbox/faults', {
      platform,
      account: connected.account.externalId,
      kind: 'listing-lag',
      delayMs: 400,
    });
    const publication = publicationOf(connected, 'shown late');
    const published = await publication.publish();
    await vi.waitFor(
      async () =>
        expect(await publication.reconcile()).toMatchObject({ kind: 'found', platformPostId: idOf(published) }),
      {
        timeout: 5_000,
        interval: 100,
      },
    );
  });

  test('a rate limit tells the wait and does nothing', async () => {
    const connected = await connectByHand();
    await breakSends(connected, 'rate-limit', { retryAfterSeconds: 90 });
    const failure = await failureOf(publicationOf(connected, 'too fast').publish());
    expect(failure.kind).toBe('rate_limit');
    expect(failure.retryAfterMs).toBeGreaterThan(85_000);
    expect(failure.retryAfterMs).toBeLessThanOrEqual(92_000);
    expect(await visible(connected)).toMatchObject({ commits: 0 });
  });

  test('a missing permission is named as one', async () => {
    const connected = await connectByHand();
    await breakSends(connected, 'permission');
    expect((await failureOf(publicationOf(connected, 'may not').publish())).kind).toBe('permission');
  });

  test('a platform that is down is never taken for a refusal', async () => {
    const connected = await connectByHand();
    await sandbox.control('POST', '/_sandbox/faults', {
      platform,
      account: connected.account.externalId,
      kind: 'down',
    });
    const failure = await failureOf(publicationOf(connected, 'down').publish());
    expect(['network', 'ambiguous']).toContain(failure.kind);
  });

  test('an expired token is told as one', async () => {
    const connected = await connectByHand();
    await sandbox.control('POST', '/_sandbox/tokens/expire', { platform, account: connected.account.externalId });
    const failure = await failureOf(publicationOf(connected, 'expired').publish());
    expect(failure.kind).toBe(adapter.refresh === undefined ? 'auth_revoked' : 'auth_expired');
    expect(await visible(connected)).toMatchObject({ commits: 0 });
  });

  test.runIf(adapter.refresh !== undefined)(
    'a token is renewed again and again, and the newest publishes',
    async () => {
      const connected = await connectByHand();
      await sandbox.control('POST', '/_sandbox/tokens/expire', { platform, account: connected.account.externalId });
      let credentials = connected.credentials;
      for (let round = 0; round < 3; round += 1) {
        const renewed = await refreshed(connected, credentials);
        if (renewed === undefined) throw new Error('no credentials');
        expect(renewed.accessToken).not.toBe(credentials.accessToken);
        expect(renewed.refreshToken).not.toBe(credentials.refreshToken);
        expect(Date.parse(renewed.expiresAt ?? '')).toBeGreaterThan(Date.now());
        credentials = renewed;
      }
      expect(await publicationOf({ ...connected, credentials }, 'renewed').publish()).toMatchObject({
        kind: 'published',
      });
    },
  );

  test('a grant that the user took back is dead, and no secret of it is shown', async () => {
    const connected = await connectByHand();
    await sandbox.control('POST', '/_sandbox/tokens/revoke', { platform, account: connected.account.externalId });
    const failures = [await failureOf(publicationOf(connected, 'revoked').publish())];
    if (adapter.refresh !== undefined) failures.push(await failureOf(refreshed(connected, connected.credentials)));
    expect(failures.at(-1)?.kind).toBe('auth_revoked');
    expect(failures[0]?.kind).toMatch(/^auth_/u);
    for (const secret of Object.values(connected.credentials).filter(
      (value) => typeof value === 'string' && !value.includes(':'),
    )) {
      expect(inspect(failures, { depth: 9 })).not.toContain(secret);
    }
  });

  test('the platform accepts what is at its limit and refuses what is over, as the rules say', async () => {
    const connected = await connectByHand();
    const { max } = adapter.rules.text;
    const fitting = 'é'.repeat(max);
    expect(adapter.validate({ text: fitting, options: {}, media: [] }, connected.account)).toEqual([]);
    expect(await publicationOf(connected, fitting).publish()).toMatchObject({ kind: 'published' });

    const tooLong = `${fitting}é`;
    expect(adapter.validate({ text: tooLong, options: {}, media: [] }, connected.account)).toHaveLength(1);
    expect(await failureOf(publicationOf(connected, tooLong).publish())).toMatchObject({
      kind: expect.stringMatching(/^(content|permission)$/u),
    });
  });

  test('asks for nothing that the platform does not have', async () => {
    const stats = await sandbox.control('GET', '/_sandbox/stats');
    expect(stats).toMatchObject({ unknownRoutes: [] });
  });
});

const verifier = randomBytes(32).toString('base64url');

function idOf(published: object): string {
  if (!('platformPostId' in published)) throw new Error('not published');
  return String(published.platformPostId);
}

async function failureOf(call: Promise<unknown> | undefined): Promise<PlatformError> {
  const failure = await (call ?? Promise.resolve()).catch((error: unknown) => error);
  if (!(failure instanceof PlatformError)) throw new Error('not a PlatformError', { cause: failure });
  return failure;
}
