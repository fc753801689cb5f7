import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { apiKeys, memberships, organizations, sessions, users } from '@vibetribe/db/schema/identity';
import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { lockUser } from './lock-user.ts';
import { endLinksOf } from './mailed-link.ts';
import { insertOwner } from './register.ts';

/**
 * Makes sure that a service admin with this password exists and owns an organization; can be repeated.
 * Where the password differs from the stored one it is replaced, and the user's sessions end. Whoever had the address before may be a
 * stranger who registered it: where the user was no service admin yet, the keys that he made end too, and his second factor; a link that
 * would give the user another address ends in any case.
 */
export async function ensureAdmin(
  deps: Pick<IdentityDependencies, 'db' | 'passwords'>,
  input: {
    readonly email: string;
    readonly password: string;
    readonly name: string;
    readonly organizationName: string;
  },
): Promise<{ userId: string; organizationId: string }> {
  const email = input.email.toLowerCase();
  const known = await deps.db.asIdentity((tx) => findUser(tx, email));
  const keepsPassword = known !== undefined && (await deps.passwords.verify(input.password, known.passwordHash));
  const passwordHash = keepsPassword ? known.passwordHash : await deps.passwords.hash(input.password);

  return deps.db.asIdentity(async (tx) => {
    // Two starting at once: the second waits and then finds the first one's user.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`ensure-admin:${email}`}))`);
    const user = await findUser(tx, email);
    if (user === undefined) {
      const made = await insertOwner(tx, { ...input, email, passwordHash, serviceAdmin: true });
      return { userId: made.user.id, organizationId: made.organization.id };
    }
    await lockUser(tx, user);
    await tx.update(users).set({ serviceAdmin: true, passwordHash }).where(eq(users.id, user.id));
    if (!keepsPassword) await revokeSessionsOf(tx, user.id);
    if (!keepsPassword) await endLinksOf(tx, { userId: user.id, email });
    if (!keepsPassword && !user.serviceAdmin) {
      await revokeKeysOf(tx, user.id);
      await tx.execute(sql`delete from totp_factors where user_id = ${user.id}`);
    }
    return { userId: user.id, organizationId: await ownedOrganization(tx, user.id, input.organizationName) };
  });
}

async function findUser(tx: Transaction, email: string) {
  const [user] = await tx
    .select({ id: users.id, passwordHash: users.passwordHash, serviceAdmin: users.serviceAdmin })
    .from(users)
    .where(eq(sql`lower(${users.email})`, email));
  return user;
}

async function revokeSessionsOf(tx: Transaction, userId: string): Promise<void> {
  await tx
    .update(sessions)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt)));
}

async function revokeKeysOf(tx: Transaction, userId: string): Promise<void> {
  await tx
    .update(apiKeys)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt)));
}

async function ownedOrganization(tx: Transaction, userId: string, organizationName: string): Promise<string> {
  const [owned] = await tx
    .select({ id: memberships.organizationId })
    .from(memberships)
    .where(and(eq(memberships.userId, userId), eq(memberships.role, 'owner')))
    .orderBy(asc(memberships.createdAt), asc(memberships.organizationId))
    .limit(1);
  if (owned !== undefined) return owned.id;
  const organizationId = newId('organization');
  await tx.insert(organizations).values({ id: organizationId, name: organizationName });
  await tx.insert(memberships).values({ organizationId, userId, role: 'owner' });
  return organizationId;
}
