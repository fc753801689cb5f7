import type { ChangePassword } from '@vibetribe/contracts/auth';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { users } from '@vibetribe/db/schema/identity';
import { eq } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';
import { type MailWriter, queueMail } from '../mail/queue-mail.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { requireSession } from './list-sessions.ts';
import { lockUser } from './lock-user.ts';
import { endLinksOf } from './mailed-link.ts';
import { passwordChangedMail } from './password-changed-mail.ts';

/**
 * Another password for who knows the present one. Every other session of the user ends, and every mailed link: one of them may be of
 * whoever knew the old one.
 * @throws DomainError `forbidden` for an API key, `invalid_credentials`
 */
export async function changePassword(
  deps: Pick<IdentityDependencies, 'db' | 'passwords' | 'revocations'> & MailWriter,
  actor: AuthenticatedActor,
  { currentPassword, newPassword }: ChangePassword,
): Promise<void> {
  const { userId, familyId } = requireSession(actor);
  const known = await deps.db.asIdentity((tx) => readHash(tx, userId));
  if (!(await deps.passwords.verify(currentPassword, known))) throw wrongPassword();
  const passwordHash = await deps.passwords.hash(newPassword);
  const ended = await deps.db.asIdentity(async (tx) => {
    // It may have been changed since it was checked, which took a while.
    if ((await lockUser(tx, { id: userId }))?.passwordHash !== known) throw wrongPassword();
    const [user] = await tx
      .update(users)
      .set({ passwordHash })
      .where(eq(users.id, userId))
      .returning({ email: users.email });
    if (user !== undefined) {
      // Whoever knew the old password may have asked for another address.
      await endLinksOf(tx, { userId, email: user.email });
      await queueMail(deps, tx, passwordChangedMail(user.email));
    }
    return endSessionsOf(tx, userId, familyId);
  });
  for (const id of ended) deps.revocations.announce({ kind: 'session', familyId: id });
}

/** Ends all sessions of the user but one. The user is locked. @returns the families */
export async function endSessionsOf(tx: Transaction, userId: string, exceptFamilyId: string | null): Promise<string[]> {
  const rows = await queryRows(tx, { familyId: column.text })`
    update sessions set revoked_at = now()
    where user_id = ${userId} and revoked_at is null and family_id is distinct from ${exceptFamilyId}
    returning family_id as "familyId"`;
  return [...new Set(rows.map(({ familyId }) => familyId))];
}

async function readHash(tx: Transaction, userId: string): Promise<string> {
  const [user] = await tx.select({ passwordHash: users.passwordHash }).from(users).where(eq(users.id, userId));
  if (user === undefined) throw wrongPassword();
  return user.passwordHash;
}

function wrongPassword(): DomainError {
  return new DomainError('invalid_credentials', 'The present password is wrong.');
}
