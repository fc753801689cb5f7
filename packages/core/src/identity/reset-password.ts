import type { ForgotPassword, ResetPassword } from '@vibetribe/contracts/auth';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { actAs } from '../audit/act-as.ts';
import { mailOf } from '../mail/mail-content.ts';
import { type MailWriter, queueMail } from '../mail/queue-mail.ts';
import { endSessionsOf } from './change-password.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { lockUser } from './lock-user.ts';
import { endLinksOf, linkLifeHours, makeLink, requireLink, takeLink } from './mailed-link.ts';
import { DomainError } from '../domain-error.ts';
import { passwordChangedMail } from './password-changed-mail.ts';

type ResetDependencies = Pick<IdentityDependencies, 'db' | 'passwords' | 'revocations'> & MailWriter;

/**
 * Mails a link that sets another password. The same is done and written whether or not a user has the address, so neither the answer nor
 * its time tells: that is looked for only when the mail is sent.
 */
export async function forgotPassword(
  deps: Pick<ResetDependencies, 'db' | 'keyRing' | 'sendsMail'> & { readonly resetUrl: (token: string) => string },
  { email }: ForgotPassword,
): Promise<void> {
  if (!deps.sendsMail) return;
  await deps.db.asIdentity(async (tx) => {
    const token = await makeLink(tx, { purpose: 'password_reset', email, userId: null });
    const content = mailOf({
      subject: 'Set another password for VibeTribe',
      paragraphs: [
        'Somebody, you we hope, asked for another password for your user.',
        'The link works once and for an hour. If it was not you, do nothing: your password stays.',
      ],
      link: { label: 'Set another password', url: deps.resetUrl(token) },
    });
    const mail = { kind: 'password_reset', recipient: email, organizationId: null, content } as const;
    await queueMail(deps, tx, { ...mail, lifeHours: linkLifeHours, forUsersOnly: true });
  });
}

/** @throws DomainError `link_invalid` */
export async function checkResetLink(deps: Pick<ResetDependencies, 'db'>, token: string): Promise<void> {
  await deps.db.asIdentity((tx) => requireLink(tx, 'password_reset', token));
}

/**
 * Sets another password, once for a link. Every session of the user ends, and every other link to reset it.
 * @returns whose it is
 * @throws DomainError `link_invalid`
 */
export async function resetPassword(
  deps: ResetDependencies,
  { token, newPassword }: ResetPassword,
): Promise<{ readonly email: string }> {
  // A hash costs a lot: not for whoever has no link.
  await checkResetLink(deps, token);
  const passwordHash = await deps.passwords.hash(newPassword);
  const { email, ended } = await deps.db.asIdentity(async (tx) => {
    const { email } = await takeLink(tx, 'password_reset', token);
    const [user] = await queryRows(tx, { id: column.text })`select id from users where lower(email) = ${email}`;
    if (user === undefined || (await lockUser(tx, user)) === null)
      throw new DomainError('link_invalid', 'The user of this address is gone.');
    await actAs(tx, `user:${user.id}`);
    await tx.execute(sql`update users set password_hash = ${passwordHash} where id = ${user.id}`);
    // Whoever guessed at the second factor knew the old password.
    await tx.execute(sql`update totp_factors set failures = 0, next_try_at = null where user_id = ${user.id}`);
    await endLinksOf(tx, { userId: user.id, email });
    await queueMail(deps, tx, passwordChangedMail(email));
    return { email, ended: await endSessionsOf(tx, user.id, null) };
  });
  for (const familyId of ended) deps.revocations.announce({ kind: 'session', familyId });
  return { email };
}
