import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { platformIds } from '@vibetribe/contracts/platform-id';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessOf } from '../connect/account-access.ts';
import type { Credentials } from '../port/connect.ts';
import { adapters } from '../registry.ts';
import {
  type Access,
  type ConformanceStage,
  type Connected,
  failureOf,
  openConformanceStage,
  type Publication,
} from '../testing/test-conformance.ts';
import { credentialsFor, opened } from '../testing/test-connect.ts';
import { publishThrough } from '../testing/test-publish.ts';

let stage: ConformanceStage;
beforeAll(async () => {
  stage = await openConformanceStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

describe.each(platformIds)('%s', (platform) => {
  const adapter = adapters[platform];
  const on = () => stage.on(platform);
  const connectByHand = () => on().connectByHand();
  const publicationOf = (connected: Access, text: string) => on().publicationOf(connected, text);
  const published = (publication: Publication) => publishThrough(stage.sandbox, publication);
  const visible = (connected: Connected) => on().visible(connected);
  const endpoints = () => on().endpoints;
  afterEach(() => stage.sandbox.control('DELETE', '/_sandbox/faults'));

  const refreshed = (connected: Connected, credentials: Credentials, now = new Date()) =>
    adapter.refresh?.refresh({
      endpoints: endpoints(),
      http: on().http(),
      account: connected.account,
      credentials,
      now,
    });

  test('connects an account by hand', async () => {
    const { made, account, credentials } = await connectByHand();
    expect(account.externalId).toBe(made.account.id);
    expect(account.handle).toContain(made.account.handle);
    expect(credentials.accessToken).not.toBe('');
  });

  test('refuses credentials that the platform does not know, without showing them', async () => {
    const made = await stage.sandbox.makeAccount(platform);
    const secrets = adapter.manual?.fields.filter(({ secret }) => secret) ?? [];
    const wrong = Object.fromEntries(secrets.map(({ name }) => [name, 'wr0ng-s3cret']));
    const failure = await failureOf(
      adapter.manual?.connect({
        endpoints: endpoints(),
        http: on().http(),
        credentials: { ...credentialsFor(stage.sandbox, platform, made), ...wrong },
        now: new Date(),
      }),
    );
    expect(failure.kind).toMatch(/^auth_/u);
    expect(inspect(failure, { depth: 9 })).not.toContain('s3cret');
  });

  const consented = () =>
    stage.sandbox.consent({
      adapter,
      endpoints: endpoints(),
      http: on().http(),
      handle: stage.sandbox.newHandle(),
      codeVerifier: verifier,
      // Where accounts live on servers of their own, the user names one.
      ...(stage.sandbox.hosts[platform] === undefined ? {} : { server: stage.sandbox.hosts[platform] }),
    });
  const exchange = (consent: Awaited<ReturnType<typeof consented>>, codeVerifier: string) =>
    adapter.oauth?.exchange({
      ...consent,
      endpoints: endpoints(),
      http: on().http(),
      codeVerifier,
      now: new Date(),
    });

  test.runIf(adapter.oauth !== undefined)('connects an account by consent, with a code that works once', async () => {
    const consent = await consented();
    const grant = await exchange(consent, verifier);
    if (grant === undefined) throw new Error('no grant');
    const connected = opened(grant);
    expect(connected.account.handle).toContain(consent.handle);
    expect(await published(publicationOf(connected, 'by consent'))).toMatchObject({ kind: 'published' });
    expect((await failureOf(exchange(consent, verifier))).kind).toBe('auth_revoked');
  });

  test.runIf(adapter.oauth?.pkce === true)('takes a code from nobody but who began', async () => {
    const wrong = 'not the verifier that the challenge was made from';
    expect((await failureOf(exchange(await consented(), wrong))).kind).toBe('auth_revoked');
  });

  test.runIf(adapter.readAccount !== undefined)('says what the account is now, as it did at connecting', async () => {
    const { account, credentials } = await connectByHand();
    const profile = await adapter.readAccount?.({
      ...accessOf(credentials, account),
      account,
      endpoints: endpoints(),
      http: on().http(),
    });
    const { externalId, handle, service, serverRules } = account;
    expect(profile).toMatchObject({ externalId, handle, service });
    expect(profile?.serverRules).toEqual(serverRules);
  });

  test('an expired token is told as one', async () => {
    const connected = await connectByHand();
    await stage.sandbox.control('POST', '/_sandbox/tokens/expire', { platform, account: connected.account.externalId });
    const failure = await failureOf(publicationOf(connected, 'expired').publish());
    expect(failure.kind).toBe(adapter.refresh === undefined ? 'auth_revoked' : 'auth_expired');
    expect(await visible(connected)).toMatchObject({ commits: 0 });
  });

  test.runIf(adapter.refresh !== undefined)(
    'a token is renewed again and again, and the newest publishes',
    async () => {
      const connected = await connectByHand();
      const { account } = connected;
      const isLostWithItsEnd = adapter.refresh?.aheadMs !== undefined;
      if (!isLostWithItsEnd)
        await stage.sandbox.control('POST', '/_sandbox/tokens/expire', { platform, account: account.externalId });
      let { credentials } = connected;
      for (let round = 1; round <= 3; round += 1) {
        // A platform that takes no token after its end may take none right after its issue either.
        if (isLostWithItsEnd) await stage.sandbox.control('POST', '/_sandbox/clock', { advanceMs: 25 * hourMs });
        const now = new Date(Date.now() + (isLostWithItsEnd ? round * 25 * hourMs : 0));
        expect(adapter.refresh?.isPossible(credentials, now)).toBe(true);
        const renewed = await refreshed(connected, credentials, now);
        if (renewed === undefined) throw new Error('no credentials');
        if (adapter.refresh?.cost === 'rotating') {
          expect(renewed.accessToken).not.toBe(credentials.accessToken);
          expect(renewed.refreshToken).not.toBe(credentials.refreshToken);
        }
        if (renewed.expiresAt !== undefined) expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(now.getTime());
        credentials = renewed;
      }
      const publication = publicationOf({ ...connected, credentials }, 'renewed');
      expect(await published(publication)).toMatchObject({ kind: 'published' });
    },
  );

  test('a grant that the user took back is dead, and no secret of it is shown', async () => {
    const connected = await connectByHand();
    await stage.sandbox.control('POST', '/_sandbox/tokens/revoke', { platform, account: connected.account.externalId });
    const failures = [await failureOf(publicationOf(connected, 'revoked').publish())];
    if (adapter.refresh !== undefined) failures.push(await failureOf(refreshed(connected, connected.credentials)));
    expect(failures.at(-1)?.kind).toBe('auth_revoked');
    expect(failures[0]?.kind).toMatch(/^auth_/u);
    const { accountTokens = {}, details = {}, ...own } = connected.credentials;
    const secrets = [own, accountTokens, details].flatMap((values) => Object.values(values));
    for (const secret of secrets.filter(isSecret)) {
      expect(inspect(failures, { depth: 9 })).not.toContain(secret);
    }
  });

  test('asks for nothing that the platform does not have', async () => {
    const stats = await stage.sandbox.control('GET', '/_sandbox/stats');
    expect(stats).toMatchObject({ unknownRoutes: [] });
  });
});

const hourMs = 3_600_000;

/** Times and names that stand beside the tokens are none. */
function isSecret(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 16 && !value.includes(':');
}

const verifier = randomBytes(32).toString('base64url');
