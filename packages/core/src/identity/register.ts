import type { Register, SignedIn } from '@vibetribe/contracts/auth';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { memberships, organizations, users } from '@vibetribe/db/schema/identity';
import { actAs } from '../audit/act-as.ts';
import { DomainError } from '../domain-error.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { openSession, signedIn } from './open-session.ts';

/**
 * Makes a user and an organization that the user owns, and signs in.
 * @throws DomainError `registration_closed`, `email_taken`
 */
export async function register(
  deps: Pick<IdentityDependencies, 'db' | 'passwords' | 'accessTokens' | 'registrationOpen'>,
  input: Register,
): Promise<SignedIn> {
  if (!deps.registrationOpen) throw new DomainError('registration_closed', 'New users are added by an administrator.');
  const passwordHash = await deps.passwords.hash(input.password);
  const opened = await deps.db.asIdentity(async (tx) => {
    const { user, organization } = await insertOwner(tx, { ...input, passwordHash, serviceAdmin: false });
    const session = await openSession(tx, { userId: user.id, organizationId: organization.id });
    return { session, role: 'owner' as const, user, organization };
  });
  return signedIn(deps, opened);
}

/** A user with an organization of their own. @throws DomainError `email_taken` */
export async function insertOwner(
  tx: Transaction,
  owner: { email: string; name: string; passwordHash: string; serviceAdmin: boolean; organizationName: string },
) {
  const organization = { id: newId('organization'), name: owner.organizationName };
  await tx.insert(organizations).values(organization);
  const [user] = await tx
    .insert(users)
    .values({
      id: newId('user'),
      email: owner.email.toLowerCase(),
      name: owner.name,
      passwordHash: owner.passwordHash,
      serviceAdmin: owner.serviceAdmin,
      lastOrganizationId: organization.id,
    })
    .onConflictDoNothing()
    .returning({ id: users.id, email: users.email, name: users.name });
  if (user === undefined) throw new DomainError('email_taken', 'There is a user with this email address already.');
  await actAs(tx, `user:${user.id}`);
  await tx.insert(memberships).values({ organizationId: organization.id, userId: user.id, role: 'owner' });
  return { user, organization };
}
