import type { Login, Organization, SignedIn } from '@vibetribe/contracts/auth';
import type { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { memberships, organizations, users } from '@vibetribe/db/schema/identity';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { asc, eq, sql } from 'drizzle-orm';
import { DomainError, notFound } from '../domain-error.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { lockUser } from './lock-user.ts';
import { openSession, signedIn } from './open-session.ts';
import { checkSecondFactor } from './second-factor.ts';

type LogInDependencies = Pick<IdentityDependencies, 'db' | 'passwords' | 'accessTokens'> & {
  readonly keyRing: KeyRing;
};

/**
 * Signs in to the organization asked for, else to the last used one.
 * An unknown address and a wrong password give the same answer after the same work.
 * @throws DomainError `invalid_credentials`, `totp_required`, `totp_invalid`, `rate_limited`, `not_found` (not a member of that organization), `forbidden` (a member of none)
 */
export async function logIn(deps: LogInDependencies, input: Login): Promise<SignedIn> {
  return signedIn(deps, await enter(deps, input, 'token'));
}

/** The same for a browser: what its cookie holds, for `tokenLifeDays`. */
export async function openCookieSession(
  deps: Omit<LogInDependencies, 'accessTokens'>,
  input: Login,
): Promise<{ cookie: string }> {
  const { session } = await enter(deps, input, 'cookie');
  return { cookie: session.refreshToken };
}

async function enter(deps: Omit<LogInDependencies, 'accessTokens'>, input: Login, kind: 'token' | 'cookie') {
  const user = await deps.db.asIdentity((tx) => findUser(tx, input.email));
  const isRight =
    user === undefined
      ? await deps.passwords.verifyAgainstNobody(input.password)
      : await deps.passwords.verify(input.password, user.passwordHash);
  if (user === undefined || !isRight) throw wrongCredentials();

  const entered = await deps.db.asIdentity(async (tx) => {
    // The password may have been changed since it was checked, which took a while.
    const current = await lockUser(tx, user);
    if (current?.passwordHash !== user.passwordHash) throw wrongCredentials();
    const refusal = await checkSecondFactor(deps.keyRing, tx, user.id, input.totp);
    if (refusal !== null) return { refusal };
    const { role, ...organization } = await chooseOrganization(tx, user, input.organizationId);
    const session = await openSession(tx, { userId: user.id, organizationId: organization.id, kind });
    return { session, role, organization, user: { id: user.id, email: user.email, name: user.name } };
  });
  if ('refusal' in entered) throw entered.refusal;
  return entered;
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
