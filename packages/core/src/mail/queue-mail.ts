import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { mails } from '@vibetribe/db/schema/mails';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { sql } from 'drizzle-orm';
import { type MailContent, sealMail } from './mail-content.ts';

export type MailKind =
  | 'invitation'
  | 'password_reset'
  | 'password_changed'
  | 'email_change'
  | 'email_changed'
  | 'notification';

export interface QueuedMail {
  readonly kind: MailKind;
  readonly recipient: string;
  /** Null: a user's own. */
  readonly organizationId: string | null;
  readonly content: MailContent;
  /** After so many hours it is not sent any more. */
  readonly lifeHours: number;
  /** Sent only where a user has the address. */
  readonly forUsersOnly?: boolean;
}

/** What a verb needs to write mail. */
export interface MailWriter {
  readonly keyRing: KeyRing;
  /** Whether mail can be sent at all; where it cannot, none is written. */
  readonly sendsMail: boolean;
}

/** Puts a mail into the outbox: it stands or falls with the transaction, and is sent after it. */
export async function queueMail(
  { keyRing, sendsMail }: MailWriter,
  tx: Transaction,
  { kind, recipient, organizationId, content, lifeHours, forUsersOnly = false }: QueuedMail,
): Promise<void> {
  if (!sendsMail) return;
  const id = newId('mail');
  await tx.insert(mails).values({
    id,
    organizationId,
    kind,
    recipient,
    sealed: sealMail(keyRing, id, content),
    forUsersOnly,
    nextAttemptAt: sql`clock_timestamp()`,
    expiresAt: sql`clock_timestamp() + make_interval(hours => ${lifeHours}::int)`,
  });
}
