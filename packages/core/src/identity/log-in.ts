import type { Login, Organization, SignedIn } from '@vibetribe/contracts/auth';
import type { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { memberships, organizations, users } from '@vibetribe/db/schema/identity';
import { asc, eq, sql } from 'drizzle-orm';
import { DomainError, notFound } from '../domain-error.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { lockUser } from './lock-user.ts';
import { openSession, signedIn } from './open-session.ts';

/**
 * Signs in to the organization asked for, else to the last used one.
 * An unknown address and a wrong password give the same answer after the same work.
 * @throws DomainError `invalid_credentials`, `not_found` (not a member of that organization), `forbidden` (a member of none)
 */
export async function logIn(
  deps: Pick<IdentityDependencies, 'db' | 'passwords' | 'accessTokens'>,
  input: Login,
): Promise<SignedIn> {
  const user = await deps.db.asIdentity((tx) => findUser(tx, input.email));
  const isRight =
    user === undefined
      ? await deps.passwords.verifyAgainstNobody(input.password)
      : await deps.passwords.verify(input.password, user.passwordHash);
  if (user === undefined || !isRight) throw wrongCredentials();

  const opened = await deps.db.asIdentity(async (tx) => {
    // The password may have been changed since it was checked, which took a while.
    const current = await lockUser(tx, user);
    if (current?.passwordHash !== user.passwordHash) throw wrongCredentials();
    const { role, ...organization } = await chooseOrganization(tx, user, input.organizationId);
    const session = await openSession(tx, { userId: user.id, organizationId: organization.id });
    return { session, role, organization, user: { id: user.id, email: user.email, name: user.name } };
  });
  return signedIn(deps, opened);
}

function wrongCredentials(): DomainError {
  return new DomainError('invalid_credentials', 'The email or password is wrong.');
}

async function findUser(tx: Transaction, email: string) {
  const [user] = await tx
    .select({
      id: users.id,
      email: users.email,
      name: users.name,
      passwordHash: users.passwordHash,
      lastOrganizationId: users.lastOrganizationId,
    })
    .from(users)
    .where(eq(sql`lower(${users.email})`, email.toLowerCase()));
  return user;
}

async function chooseOrganization(
  tx: Transaction,
  user: { id: string; lastOrganizationId: string | null },
  wantedId: string | undefined,
): Promise<Organization & { role: Role }> {
  const own = await tx
    .select({ id: organizations.id, name: organizations.name, role: memberships.role })
    .from(memberships)
    .innerJoin(organizations, eq(organizations.id, memberships.organizationId))
    .where(eq(memberships.userId, user.id))
    .orderBy(asc(memberships.createdAt), asc(memberships.organizationId));
  if (wantedId !== undefined) {
    const wanted = own.find((organization) => organization.id === wantedId);
    if (wanted === undefined) throw notFound('organization');
    return wanted;
  }
  const chosen = own.find((organization) => organization.id === user.lastOrganizationId) ?? own[0];
  if (chosen === undefined) throw new DomainError('forbidden', 'The user belongs to no organization.');
  return chosen;
}
