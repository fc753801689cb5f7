import type { ChangeEmail } from '@vibetribe/contracts/auth';
import type { Transaction } from '@vibetribe/db/connect-database';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { actAs } from '../audit/act-as.ts';
import { DomainError } from '../domain-error.ts';
import { mailOf } from '../mail/mail-content.ts';
import { type MailWriter, queueMail } from '../mail/queue-mail.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { requireSession } from './list-sessions.ts';
import { lockUser } from './lock-user.ts';
import { linkLifeHours, makeLink, requireLink, takeLink } from './mailed-link.ts';

/**
 * Mails a link to the new address, and tells the old one. Nothing changes before the link is used. The answer is the same where the address
 * is somebody's already: then no link is mailed.
 * @throws DomainError `forbidden` for an API key, `invalid_credentials`, `conflict` where the server sends no mail
 */
export async function requestEmailChange(
  deps: Pick<IdentityDependencies, 'db' | 'passwords'> &
    MailWriter & {
      readonly confirmUrl: (token: string) => string;
      /** Whether the address has not had enough mails; nobody is told. */
      readonly mayMail: () => Promise<boolean>;
    },
  actor: AuthenticatedActor,
  { newEmail, password }: ChangeEmail,
): Promise<void> {
  const { userId } = requireSession(actor);
  if (!deps.sendsMail) throw new DomainError('conflict', 'This server sends no mail: an address cannot be confirmed.');
  const user = await deps.db.asIdentity((tx) => readUser(tx, userId));
  if (user === null || !(await deps.passwords.verify(password, user.passwordHash))) throw wrongPassword();
  if (!(await deps.mayMail())) return;
  await deps.db.asIdentity(async (tx) => {
    // It may have been changed since it was checked, which took a while.
    if ((await lockUser(tx, { id: userId }))?.passwordHash !== user.passwordHash) throw wrongPassword();
    await tx.execute(sql`delete from mailed_links where user_id = ${userId}`);
    if (await isTaken(tx, newEmail)) return;
    const token = await makeLink(tx, { purpose: 'email_change', email: newEmail, userId });
    const asked = { kind: 'email_change', organizationId: null, lifeHours: linkLifeHours } as const;
    await queueMail(deps, tx, {
      ...asked,
      recipient: newEmail,
      content: mailOf({
        subject: 'Confirm your new address for VibeTribe',
        paragraphs: [`${user.name} wants to use this address. The link works once and for an hour.`],
        link: { label: 'Confirm the address', url: deps.confirmUrl(token) },
      }),
    });
    await queueMail(deps, tx, {
      ...asked,
      recipient: user.email,
      content: mailOf({
        subject: 'Another address was asked for',
        paragraphs: [
          `Your user is to have the address ${newEmail}, once that is confirmed there.`,
          'If it was not you, change your password: somebody knows it.',
        ],
      }),
    });
  });
}

/** @throws DomainError `link_invalid` */
export async function checkEmailLink(deps: Pick<IdentityDependencies, 'db'>, token: string): Promise<void> {
  await deps.db.asIdentity((tx) => requireLink(tx, 'email_change', token));
}

/** Gives the user whose link it is the new address, and mails the old one. @throws DomainError `link_invalid`, `email_taken` */
export async function confirmEmailChange(
  deps: Pick<IdentityDependencies, 'db'> & MailWriter,
  token: string,
): Promise<{ email: string }> {
  const confirming = deps.db.asIdentity(async (tx) => {
    const { email, userId } = await takeLink(tx, 'email_change', token);
    if (await isTaken(tx, email)) throw taken();
    const before = userId === null ? null : await readUser(tx, userId);
    if (userId === null || before === null) throw new DomainError('link_invalid', 'The user is gone.');
    await actAs(tx, `user:${userId}`);
    await tx.execute(sql`update users set email = ${email} where id = ${userId}`);
    // Links to the old address reset nothing of this user any more: a reset looks for the address.
    await queueMail(deps, tx, {
      kind: 'email_changed',
      recipient: before.email,
      organizationId: null,
      lifeHours: 24,
      content: mailOf({
        subject: 'Your address for VibeTribe was changed',
        paragraphs: [`Your user has the address ${email} now. If it was not you, tell your administrator.`],
      }),
    });
    return { email };
  });
  // Somebody else may take the address in the same moment.
  return confirming.catch((error: unknown) => {
    throw isDuplicate(error) ? taken(error) : error;
  });
}

function taken(cause?: unknown): DomainError {
  return new DomainError('email_taken', 'There is a user with this address now.', { cause });
}

function isDuplicate(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('code' in cause && cause.code === '23505') return true;
  return false;
}

function wrongPassword(): DomainError {
  return new DomainError('invalid_credentials', 'The present password is wrong.');
}

async function isTaken(tx: Transaction, email: string): Promise<boolean> {
  return (await queryRows(tx, { id: column.text })`select id from users where lower(email) = ${email}`).length > 0;
}

async function readUser(tx: Transaction, userId: string) {
  const shape = { email: column.text, name: column.text, passwordHash: column.text };
  const [user] = await queryRows(tx, shape)`
    select email, name, password_hash as "passwordHash" from users where id = ${userId} for no key update`;
  return user ?? null;
}
