import { mailOf } from '../mail/mail-content.ts';
import type { QueuedMail } from '../mail/queue-mail.ts';

/** For whoever did not change it. */
export function passwordChangedMail(recipient: string): QueuedMail {
  const content = mailOf({
    subject: 'Your password for VibeTribe was changed',
    paragraphs: [
      'The password of your user was changed, and your other sessions have ended.',
      'If it was not you, ask for another password on the sign-in page at once, and tell your administrator.',
    ],
  });
  return { kind: 'password_changed', recipient, organizationId: null, content, lifeHours: 24 };
}
