import { NewPassword, type SignedIn } from '@vibetribe/contracts/auth';
import type { AcceptInvitation } from '@vibetribe/contracts/member';
import { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { memberships, organizations, users } from '@vibetribe/db/schema/identity';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { hashToken } from '@vibetribe/security/opaque-token';
import { eq, sql } from 'drizzle-orm';
import { actAs } from '../audit/act-as.ts';
import { DomainError, notFound } from '../domain-error.ts';
import { findRightHolder } from '../identity/find-right-holder.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';
import { lockUser } from '../identity/lock-user.ts';
import { openSession, signedIn } from '../identity/open-session.ts';
import { checkSecondFactor } from '../identity/second-factor.ts';

type AcceptDependencies = Pick<IdentityDependencies, 'db' | 'passwords' | 'accessTokens' | 'revocations'> & {
  readonly keyRing: KeyRing;
};

/** An invitation that holds now, and the user of its address, if there is one. */
export interface OpenInvitation {
  readonly id: string;
  readonly organizationId: string;
  readonly organizationName: string;
  readonly email: string;
  readonly role: Role;
  readonly user: {
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly passwordHash: string;
  } | null;
}

/** @throws DomainError `not_found`: unknown, used, expired, ended, or whoever invited may no longer */
export async function findInvitation(deps: Pick<IdentityDependencies, 'db'>, token: string): Promise<OpenInvitation> {
  const found = await deps.db.asIdentity((tx) => readInvitation(tx, hashToken(token)));
  if (found === null) throw notFound('invitation');
  return found;
}

/**
 * Joins the organization, once, and signs in there. A newcomer becomes a user; whoever has one proves it by the password or by being
 * signed in.
 * @param signedInUserId of the session that came along
 * @throws DomainError `not_found`, `validation_failed`, `invalid_credentials`, `totp_required`, `totp_invalid`, `forbidden` where somebody else is signed in
 */
export async function acceptInvitation(
  deps: AcceptDependencies,
  invitation: OpenInvitation,
  { input, signedInUserId }: { readonly input: AcceptInvitation; readonly signedInUserId: string | null },
): Promise<SignedIn> {
  const { organizationId, role } = invitation;
  const proved = await prove(deps, invitation, input, signedInUserId);
  const opened = await deps.db.asIdentity(async (tx) => {
    // The newcomer's own deed, and nobody else is known yet.
    const refusal = proved.kind === 'password' ? await askForFactor(deps, tx, proved, input.totp) : null;
    if (refusal !== null) return { refusal };
    const user = proved.kind === 'newcomer' ? await insertUser(tx, invitation, proved) : await keepUser(tx, proved);
    await actAs(tx, `user:${user.id}`);
    await takeInvitation(tx, invitation.id);
    const { rowCount } = await tx
      .insert(memberships)
      .values({ organizationId, userId: user.id, role })
      .onConflictDoNothing();
    if (rowCount === 0) throw new DomainError('conflict', 'The user is a member already.');
    const [organization] = await tx
      .select({ id: organizations.id, name: organizations.name })
      .from(organizations)
      .where(eq(organizations.id, organizationId));
    if (organization === undefined) throw notFound('invitation');
    return { session: await openSession(tx, { userId: user.id, organizationId }), role, user, organization };
  });
  if ('refusal' in opened) throw opened.refusal;
  deps.revocations.memberChanged({ organizationId, userId: opened.user.id });
  return signedIn(deps, opened);
}

type Proved =
  | { readonly kind: 'newcomer'; readonly name: string; readonly passwordHash: string }
  | { readonly kind: 'session' | 'password'; readonly user: NonNullable<OpenInvitation['user']> };

async function prove(
  { passwords }: Pick<AcceptDependencies, 'passwords'>,
  { user }: OpenInvitation,
  { name, password }: AcceptInvitation,
  signedInUserId: string | null,
): Promise<Proved> {
  if (signedInUserId !== null && signedInUserId !== user?.id)
    throw new DomainError('forbidden', 'The invitation is for another address than that of who is signed in.');
  if (user !== null) {
    if (signedInUserId === user.id) return { kind: 'session', user };
    if (password === undefined) throw missing('password', 'is needed: there is a user with the invited address');
    if (await passwords.verify(password, user.passwordHash)) return { kind: 'password', user };
    throw new DomainError('invalid_credentials', 'The password is wrong.');
  }
  if (name === undefined) throw missing('name', 'is needed: there is no user with the invited address yet');
  const chosen = NewPassword.safeParse(password);
  if (!chosen.success) throw missing('password', 'must have 10 to 200 characters');
  return { kind: 'newcomer', name, passwordHash: await passwords.hash(chosen.data) };
}

/** A password alone opens nothing where there is a second factor. */
async function askForFactor(
  { keyRing }: Pick<AcceptDependencies, 'keyRing'>,
  tx: Transaction,
  { user }: { readonly user: NonNullable<OpenInvitation['user']> },
  given: string | undefined,
): Promise<DomainError | null> {
  await lockUser(tx, user);
  return checkSecondFactor(keyRing, tx, user.id, given);
}

function missing(path: string, message: string): DomainError {
  return new DomainError('validation_failed', `The field ${path} ${message}.`, { errors: [{ path, message }] });
}

async function insertUser(
  tx: Transaction,
  { email, organizationId }: OpenInvitation,
  { name, passwordHash }: { readonly name: string; readonly passwordHash: string },
) {
  const [user] = await tx
    .insert(users)
    .values({ id: newId('user'), email, name, passwordHash, lastOrganizationId: organizationId })
    .onConflictDoNothing()
    .returning({ id: users.id, email: users.email, name: users.name });
  if (user === undefined) throw new DomainError('email_taken', 'There is a user with this address now: sign in.');
  return user;
}

async function keepUser(tx: Transaction, { user }: { readonly user: NonNullable<OpenInvitation['user']> }) {
  // The password may have been changed since it was checked, which took a while.
  const current = await lockUser(tx, user);
  if (current?.passwordHash !== user.passwordHash)
    throw new DomainError('invalid_credentials', 'The password was changed meanwhile.');
  return { id: user.id, email: user.email, name: user.name };
}

async function takeInvitation(tx: Transaction, id: string): Promise<void> {
  const { rowCount } = await tx.execute(sql`delete from invitations where id = ${id} and expires_at > now()`);
  if (rowCount !== 1) throw notFound('invitation');
}

const invitationShape = {
  id: column.text,
  organizationId: column.text,
  organizationName: column.text,
  email: column.text,
  role: Role,
  principal: column.text,
  userId: column.textOrNull,
  userEmail: column.textOrNull,
  userName: column.textOrNull,
  passwordHash: column.textOrNull,
};

async function readInvitation(tx: Transaction, tokenHash: string): Promise<OpenInvitation | null> {
  const rows = await queryRows(tx, invitationShape)`
    select i.id, i.organization_id as "organizationId", o.name as "organizationName", i.email, i.role, i.invited_by as principal,
      u.id as "userId", u.email as "userEmail", u.name as "userName", u.password_hash as "passwordHash"
    from invitations i join organizations o on o.id = i.organization_id left join users u on lower(u.email) = i.email
    where i.token_hash = ${tokenHash} and i.expires_at > now()`;
  const [row] = rows;
  if (row === undefined) return null;
  const inviter = await findRightHolder(tx, row, 'members:manage');
  if (inviter === null || (row.role === 'owner' && inviter.role !== 'owner')) return null;
  const { id, organizationId, organizationName, email, role, userId, userEmail, userName, passwordHash } = row;
  const isKnown = userId !== null && userEmail !== null && userName !== null && passwordHash !== null;
  const user = isKnown ? { id: userId, email: userEmail, name: userName, passwordHash } : null;
  return { id, organizationId, organizationName, email, role, user };
}
