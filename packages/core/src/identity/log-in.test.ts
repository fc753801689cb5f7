import { randomUUID } from 'node:crypto';
import { createLogger } from '@vibetribe/observability/logger';
import { createAccessTokens } from '@vibetribe/security/access-token';
import { hashToken } from '@vibetribe/security/opaque-token';
import type { PasswordHasher } from '@vibetribe/security/password';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Retention, runCleanUp } from '../tasks/clean-up.ts';
import type { Credential } from './authenticated-actor.ts';
import { ensureAdmin } from './ensure-admin.ts';
import { logIn } from './log-in.ts';
import { revokeFamily } from './log-out.ts';
import { refreshSession } from './refresh-session.ts';
import { register } from './register.ts';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { createTestIdentity, type TestIdentity } from './test-identity.ts';

let harness: TestIdentity;
beforeAll(async () => {
  harness = await createTestIdentity(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const password = 'correct horse battery';
const retention: Retention = {
  readNotificationDays: 30,
  unreadNotificationDays: 90,
  eventDays: 90,
  endedSessionDays: 7,
  auditDays: 90,
  metricDays: 730,
};

/** The real hasher, with a count of what was computed. */
function countingHasher(): PasswordHasher & { computed: number } {
  const counting = {
    computed: 0,
    hash: (text: string) => harness.passwords.hash(text),
    verify(text: string, hash: string) {
      counting.computed += 1;
      return harness.passwords.verify(text, hash);
    },
    verifyAgainstNobody(text: string) {
      counting.computed += 1;
      return harness.passwords.verifyAgainstNobody(text);
    },
  };
  return counting;
}

function dependencies() {
  const announced: Credential[] = [];
  const accessTokens = createAccessTokens({ secret: 'x'.repeat(32), issuer: 'test', now: () => new Date() });
  const passwords = countingHasher();
  return {
    announced,
    passwords,
    deps: {
      db: harness.db,
      keyRing: createKeyRing(`k1:${Buffer.alloc(32).toString('base64')}`),
      sendsMail: false,
      passwords,
      accessTokens,
      registrationOpen: true,
      logger: createLogger({ app: 'test', level: 'silent' }),
      revocations: {
        announce: (credential: Credential) => void announced.push(credential),
        memberChanged: () => undefined,
      },
    },
  };
}

/** Lets the stored times pass, not the clocks. */
async function passSeconds(identity: TestIdentity, seconds: number): Promise<void> {
  await identity.sql(
    `update sessions set created_at = created_at - $1 * interval '1 s', used_at = used_at - $1 * interval '1 s', expires_at = expires_at - $1 * interval '1 s'`,
    [seconds],
  );
}

const person = () => ({ email: `${randomUUID()}@example.com`, password, name: 'Ada', organizationName: 'Engines' });

describe('logging in', () => {
  test('costs one password computation, whether the address is known or not', async () => {
    const { deps, passwords } = dependencies();
    const { email } = person();
    await register(deps, { ...person(), email });
    const counts: number[] = [];
    for (const input of [
      { email, password },
      { email, password: 'wrong' },
      { email: `no-${email}`, password },
    ]) {
      passwords.computed = 0;
      await logIn(deps, input).catch((error: unknown) => expect(error).toMatchObject({ code: 'invalid_credentials' }));
      counts.push(passwords.computed);
    }
    expect(counts).toEqual([1, 1, 1]);
  });

  test('a user of no organization is told so', async () => {
    const { deps } = dependencies();
    const { email } = person();
    const { user } = await register(deps, { ...person(), email });
    await harness.sql('delete from memberships where user_id = $1', [user.id]);
    await expect(logIn(deps, { email, password })).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('refreshing', () => {
  test('a token that was being made while its session was revoked does not work', async () => {
    const { deps } = dependencies();
    const { user, organization, refreshToken } = await register(deps, person());
    await harness.sql('update sessions set revoked_at = now() where token_hash = $1', [hashToken(refreshToken)]);
    await harness.sql(
      `insert into sessions (id, family_id, user_id, organization_id, token_hash, expires_at)
       select $1, family_id, $2, $3, $4, now() + interval '1 day' from sessions where token_hash = $5`,
      [`ses_${user.id}`, user.id, organization.id, hashToken('late'), hashToken(refreshToken)],
    );
    await expect(refreshSession(deps, { refreshToken: 'late' })).rejects.toMatchObject({ code: 'session_revoked' });
  });

  test('two tabs at once: one gets a new pair, the other is refused, and both go on with it', async () => {
    const { deps, announced } = dependencies();
    const { refreshToken } = await register(deps, person());
    const tabs = await Promise.allSettled([1, 2, 3].map(() => refreshSession(deps, { refreshToken })));
    const [won, ...more] = tabs.filter((tab) => tab.status === 'fulfilled');
    expect(more).toEqual([]);
    for (const tab of tabs)
      if (tab.status === 'rejected') expect(tab.reason).toMatchObject({ code: 'refresh_token_used' });
    expect(announced).toEqual([]);
    const next = await refreshSession(deps, { refreshToken: won?.value.refreshToken ?? '' });
    expect(next.refreshToken).toMatch(/^vtr_/u);
  });

  test('one that comes back although its successor was used ends the session at once', async () => {
    const { deps } = dependencies();
    const { refreshToken } = await register(deps, person());
    const second = await refreshSession(deps, { refreshToken });
    const third = await refreshSession(deps, { refreshToken: second.refreshToken });
    await expect(refreshSession(deps, { refreshToken })).rejects.toMatchObject({ code: 'session_revoked' });
    await expect(refreshSession(deps, { refreshToken: third.refreshToken })).rejects.toMatchObject({
      code: 'session_revoked',
    });
  });

  test('the end of a family is announced, with nothing that could be used', async () => {
    const { deps, announced } = dependencies();
    const { refreshToken } = await register(deps, person());
    const second = await refreshSession(deps, { refreshToken });
    await passSeconds(harness, 11);
    await expect(refreshSession(deps, { refreshToken })).rejects.toMatchObject({ code: 'session_revoked' });
    await expect(refreshSession(deps, { refreshToken: second.refreshToken })).rejects.toMatchObject({
      code: 'session_revoked',
    });
    expect(announced).toEqual([{ kind: 'session', familyId: expect.stringMatching(/^fam_/) }]);
  });

  test('only the hash of a token is stored', async () => {
    const { deps } = dependencies();
    const { refreshToken } = await register(deps, person());
    expect(JSON.stringify(await harness.sql('select * from sessions'))).not.toContain(refreshToken);
  });
});

describe('a session ends for good', () => {
  const day = 86_400;

  test('90 days after its login, however often it is refreshed and whatever the nightly clean-up removes', async () => {
    const { deps } = dependencies();
    let { refreshToken } = await register(deps, person());
    for (let days = 0; days < 80; days += 20) {
      await passSeconds(harness, 20 * day);
      await runCleanUp(harness, { ...retention, endedSessionDays: 7 });
      ({ refreshToken } = await refreshSession(deps, { refreshToken }));
    }
    await passSeconds(harness, 11 * day);
    await runCleanUp(harness, { ...retention, endedSessionDays: 7 });
    await expect(refreshSession(deps, { refreshToken })).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('by signing out, whatever the nightly clean-up removes', async () => {
    const { deps } = dependencies();
    const { user, organization, refreshToken } = await register(deps, person());
    await harness.sql(
      `update sessions set revoked_at = now(), expires_at = now() - interval '8 days' where user_id = $1`,
      [user.id],
    );
    await harness.sql(
      `insert into sessions (id, family_id, user_id, organization_id, token_hash, expires_at)
       select $1, family_id, $2, $3, $4, now() + interval '1 day' from sessions where token_hash = $5`,
      [`ses_${user.id}`, user.id, organization.id, hashToken(`late ${user.id}`), hashToken(refreshToken)],
    );
    await runCleanUp(harness, retention);
    await expect(refreshSession(deps, { refreshToken: `late ${user.id}` })).rejects.toMatchObject({
      code: 'session_revoked',
    });
  });

  test('a session that is over is removed whole', async () => {
    const { deps } = dependencies();
    const { user, refreshToken } = await register(deps, person());
    await refreshSession(deps, { refreshToken });
    await passSeconds(harness, 40 * day);
    await runCleanUp(harness, retention);
    expect(await harness.sql('select 1 from sessions where user_id = $1', [user.id])).toEqual([]);
  });

  test('a refresh that is under way while it is signed out gives a token that is signed out too', async () => {
    const { deps } = dependencies();
    const { user, refreshToken } = await register(deps, person());
    const [family] = await harness.sql<{ family_id: string }>('select family_id from sessions where user_id = $1', [
      user.id,
    ]);
    await using other = await lockUser(user.id);
    const refreshing = refreshSession(deps, { refreshToken });
    await other.waiting(1);
    const signingOut = harness.db.asIdentity((tx) => revokeFamily(tx, family?.family_id ?? ''));
    await other.waiting(2);
    await other.release();
    await Promise.allSettled([refreshing, signingOut]);
    expect(await harness.sql('select 1 from sessions where user_id = $1 and revoked_at is null', [user.id])).toEqual(
      [],
    );
  });
});

describe('a password that is changed', () => {
  test('at the moment of a refresh: neither is broken off', async () => {
    const { deps } = dependencies();
    const { email } = person();
    const admin = { email, password, name: 'Root', organizationName: 'Operators' };
    const { userId } = await ensureAdmin(deps, admin);
    const { refreshToken } = await logIn(deps, { email, password });
    await using other = await lockUser(userId);
    const changing = ensureAdmin(deps, { ...admin, password: 'another password' });
    await other.waiting(1);
    const refreshing = refreshSession(deps, { refreshToken });
    await other.waiting(2);
    await other.release();
    const [changed, refreshed] = await Promise.allSettled([changing, refreshing]);
    expect(changed.status).toBe('fulfilled');
    if (refreshed.status === 'rejected') expect(refreshed.reason).toMatchObject({ code: 'session_revoked' });
    expect(await harness.sql('select 1 from sessions where user_id = $1 and revoked_at is null', [userId])).toEqual([]);
  });

  test('between the check of the old one and the session that it opens: none is opened', async () => {
    const { deps } = dependencies();
    const { email } = person();
    const admin = { email, password, name: 'Root', organizationName: 'Operators' };
    const { userId } = await ensureAdmin(deps, admin);
    const verify: PasswordHasher['verify'] = async (text, hash) => {
      const isRight = await harness.passwords.verify(text, hash);
      await ensureAdmin({ db: harness.db, passwords: harness.passwords }, { ...admin, password: 'another password' });
      return isRight;
    };
    const signingIn = logIn({ ...deps, passwords: { ...harness.passwords, verify } }, { email, password });
    await expect(signingIn).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(await harness.sql('select 1 from sessions where user_id = $1 and revoked_at is null', [userId])).toEqual([]);
  });
});

/** Another transaction that holds the user's row until it is released. */
async function lockUser(userId: string) {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = harness.db.asIdentity(async (tx) => {
    await tx.execute(sql`select 1 from users where id = ${userId} for update`);
    held.resolve();
    await released.promise;
  });
  await held.promise;
  const release = () => {
    released.resolve();
    return holding;
  };
  return {
    release,
    waiting: (count: number) =>
      expect
        .poll(() =>
          harness.sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
        )
        .toHaveLength(count),
    [Symbol.asyncDispose]: release,
  };
}
