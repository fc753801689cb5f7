import { randomUUID } from 'node:crypto';
import { createLogger } from '@vibetribe/observability/logger';
import { createAccessTokens } from '@vibetribe/security/access-token';
import { createKeyRing } from '@vibetribe/security/key-ring';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import { changePassword } from './change-password.ts';
import { ensureAdmin } from './ensure-admin.ts';
import { logIn } from './log-in.ts';
import { logOut } from './log-out.ts';
import { makeLink } from './mailed-link.ts';
import { refreshSession } from './refresh-session.ts';
import { resetPassword } from './reset-password.ts';
import { createTestIdentity, type TestIdentity } from './test-identity.ts';

let harness: TestIdentity;
beforeAll(async () => {
  harness = await createTestIdentity(inject('postgresUrl'));
});
afterAll(() => harness[Symbol.asyncDispose]());

const password = 'correct horse battery';
const newPassword = 'another password';

async function signIn() {
  const deps = {
    db: harness.db,
    passwords: harness.passwords,
    keyRing: createKeyRing(`k1:${Buffer.alloc(32).toString('base64')}`),
    sendsMail: false,
    accessTokens: createAccessTokens({ secret: 'x'.repeat(32), issuer: 'test', now: () => new Date() }),
    logger: createLogger({ app: 'test', level: 'silent' }),
    revocations: { announce: () => undefined, memberChanged: () => undefined },
  };
  const email = `${randomUUID()}@example.com`;
  const admin = { email, password, name: 'Root', organizationName: 'Operators' };
  const { userId, organizationId } = await ensureAdmin(deps, admin);
  const { refreshToken } = await logIn(deps, { email, password });
  const [session] = await harness.sql<{ id: string }>('select family_id as id from sessions where user_id = $1', [
    userId,
  ]);
  const actor: AuthenticatedActor = {
    organizationId,
    userId,
    role: 'owner',
    scopes: null,
    accountIds: null,
    serviceAdmin: true,
    principal: `user:${userId}`,
    credential: { kind: 'session', familyId: session?.id ?? '' },
  };
  return { deps, email, admin, userId, refreshToken, actor };
}
type SignedIn = Awaited<ReturnType<typeof signIn>>;

test.each<[string, (signedIn: SignedIn) => Promise<unknown>]>([
  ['a refresh', ({ deps, refreshToken }) => refreshSession(deps, { refreshToken })],
  ['the operator who sets a password', ({ deps, admin }) => ensureAdmin(deps, { ...admin, password: newPassword })],
  ['a sign-out', ({ deps, actor }) => logOut(deps, actor)],
  [
    'a change of the password',
    ({ deps, actor }) => changePassword(deps, actor, { currentPassword: password, newPassword }),
  ],
  [
    'a reset of the password',
    async ({ deps, email }) => {
      const token = await deps.db.asIdentity((tx) => makeLink(tx, { purpose: 'password_reset', email, userId: null }));
      return resetPassword(deps, { token, newPassword });
    },
  ],
])('%s that waits for the user holds none of its sessions: locks have one order', async (_name, act) => {
  const signedIn = await signIn();
  const { userId } = signedIn;
  const acting = await harness.db.asIdentity(async (tx) => {
    await tx.execute(sql`select 1 from users where id = ${userId} for update`);
    const begun = act(signedIn);
    begun.catch(() => undefined);
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => harness.sql(waiting), { timeout: 20_000 }).toHaveLength(1);
    await tx.execute(sql`select 1 from sessions where user_id = ${userId} for update nowait`);
    return { begun };
  });
  await acting.begun;
});
