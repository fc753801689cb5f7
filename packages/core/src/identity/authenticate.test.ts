import { createAccessTokens } from '@vibetribe/security/access-token';
import { createLogger } from '@vibetribe/observability/logger';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type Caches, createCaches } from '../caches.ts';
import { type Authenticator, createAuthenticator } from './authenticate.ts';
import { createApiKey } from './create-api-key.ts';
import { refreshSession } from './refresh-session.ts';
import { register } from './register.ts';
import { switchOrganization } from './switch-organization.ts';
import { createTestIdentity, type TestIdentity } from './test-identity.ts';

let harness: TestIdentity;
let nowMs = 0;
const clock = { monotonicMs: () => nowMs };
const accessTokens = createAccessTokens({ secret: 's'.repeat(32), issuer: 'test', now: () => new Date() });
beforeAll(async () => {
  harness = await createTestIdentity(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const logger = createLogger({ app: 'test', level: 'silent' });
const hourMs = 3_600_000;
const caches = createCaches({ clock, defaultTtlMs: hourMs });
/** The protection taken away: rights are remembered as long as anything else. */
const unbounded: Caches = { open: (name, { entriesMax }) => caches.open(name, { entriesMax }) };
const replica = (of = caches) => createAuthenticator({ db: harness.db, accessTokens, caches: of });

async function signIn() {
  const email = `${crypto.randomUUID()}@example.com`;
  const signedIn = await register(
    { ...harness, accessTokens, registrationOpen: true },
    { email, password: 'correct horse battery', name: 'Ada', organizationName: 'Engines' },
  );
  const actor = await replica().authenticate(signedIn.accessToken);
  return { ...signedIn, actor };
}

const outcomeOf = async (authenticator: Authenticator, bearer: string) =>
  authenticator.authenticate(bearer).then(
    ({ role }) => role,
    ({ code }: { code: string }) => code,
  );

describe('a right that is taken away', () => {
  test('is refused at once by a process that is told, and after 5 s at the latest by one that is not', async () => {
    const { accessToken, actor } = await signIn();
    const [told, untold, forgetful] = [replica(), replica(), replica(unbounded)];
    const all = () => Promise.all([told, untold, forgetful].map((each) => outcomeOf(each, accessToken)));
    expect(await all()).toEqual(['owner', 'owner', 'owner']);
    await harness.sql(`update memberships set role = 'viewer' where user_id = $1`, [actor.userId]);
    told.forget(actor.credential);
    expect(await all()).toEqual(['viewer', 'owner', 'owner']);
    nowMs += 5_001;
    expect(await all()).toEqual(['viewer', 'viewer', 'owner']);
    await harness.sql('update sessions set revoked_at = now() where user_id = $1', [actor.userId]);
    told.forgetAll();
    expect((await all()).slice(0, 2)).toEqual(['session_revoked', 'viewer']);
    nowMs += 5_001;
    // Without the bound nobody would know that it has ended.
    expect(await all()).toEqual(['session_revoked', 'session_revoked', 'owner']);
  });

  test('is over with a key that ends, however short a time ago it was looked up', async () => {
    const { actor } = await signIn();
    const { key } = await createApiKey(harness as never, actor, { name: 'k', scopes: ['admin'] } as never);
    const endsIn = (seconds: number) =>
      harness.sql('update api_keys set expires_at = now() + make_interval(secs => $2) where user_id = $1', [
        actor.userId,
        seconds,
      ]);
    await endsIn(3);
    const untold = replica();
    expect(await outcomeOf(untold, key)).toBe('owner');
    await endsIn(-1);
    nowMs += 3_001;
    expect(await outcomeOf(untold, key)).toBe('unauthenticated');
  });

  test('ends a refresh there, and the session in other organizations goes on', async () => {
    const { actor, refreshToken } = await signIn();
    const other = await signIn();
    const { userId } = actor;
    const join = `insert into memberships (organization_id, user_id, role) values ($1, $2, 'viewer')`;
    await harness.sql(join, [other.organization.id, userId]);
    const deps = {
      ...harness,
      accessTokens,
      logger,
      revocations: { announce: vi.fn<() => void>(), memberChanged: vi.fn<() => void>() },
    };
    const there = await switchOrganization(deps, actor, { organizationId: other.organization.id });
    await harness.sql('delete from memberships where user_id = $1 and organization_id = $2', [
      userId,
      actor.organizationId,
    ]);
    const told = { code: 'unauthenticated', message: 'The user is no longer a member of this organization.' };
    for (const age of [0, 60]) {
      await harness.sql(`update sessions set used_at = used_at - make_interval(secs => $2) where user_id = $1`, [
        userId,
        age,
      ]);
      await expect(refreshSession(deps, { refreshToken })).rejects.toMatchObject(told);
    }
    await expect(refreshSession(deps, there)).resolves.toMatchObject({ refreshToken: expect.any(String) });
    expect(deps.revocations.announce).not.toHaveBeenCalled();
  });

  test("holds for a key's maker too", async () => {
    const { actor } = await signIn();
    const { key } = await createApiKey(harness as never, actor, { name: 'k', scopes: ['admin'] } as never);
    const [told, untold] = [replica(), replica()];
    const all = () => Promise.all([told, untold].map((each) => outcomeOf(each, key)));
    expect(await all()).toEqual(['owner', 'owner']);
    await harness.sql('update api_keys set revoked_at = now() where user_id = $1', [actor.userId]);
    told.forget({ kind: 'key', keyId: 'any' });
    expect(await all()).toEqual(['unauthenticated', 'owner']);
    nowMs += 5_001;
    expect(await all()).toEqual(['unauthenticated', 'unauthenticated']);
  });
});
