import { randomUUID } from 'node:crypto';
import { createLogger } from '@vibetribe/observability/logger';
import { createAccessTokens } from '@vibetribe/security/access-token';
import { hashToken } from '@vibetribe/security/opaque-token';
import type { PasswordHasher } from '@vibetribe/security/password';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Credential } from './authenticated-actor.ts';
import { logIn } from './log-in.ts';
import { refreshSession } from './refresh-session.ts';
import { register } from './register.ts';
import { createTestIdentity, type TestIdentity } from './test-identity.ts';

let harness: TestIdentity;
beforeAll(async () => {
  harness = await createTestIdentity(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const password = 'correct horse battery';

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
      passwords,
      accessTokens,
      registrationOpen: true,
      logger: createLogger({ app: 'test', level: 'silent' }),
      revocations: { announce: (credential: Credential) => void announced.push(credential) },
    },
  };
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

  test('the end of a family is announced, with nothing that could be used', async () => {
    const { deps, announced } = dependencies();
    const { refreshToken } = await register(deps, person());
    const second = await refreshSession(deps, { refreshToken });
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
