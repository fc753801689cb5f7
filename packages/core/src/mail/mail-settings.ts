import { isIP } from 'node:net';
import { z } from 'zod';

/** Environment of the processes that write or send mail: spread into their own schemas. */
export const mailEnvShape = {
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// address' }).optional(),
  MAIL_FROM: z
    .string()
    .max(320)
    .regex(/^[^\r\n<>]*<?[^\s<>@]+@[^\s<>@]+>?$/, { error: 'must be an address, or a name and <an address>' })
    .optional(),
};

const MailEnv = z.object(mailEnvShape);

export interface MailSettings {
  /** Null: no mail is written or sent. */
  readonly smtpUrl: string | null;
  /** Null: an address at the host of the public address. */
  readonly mailFrom: string | null;
}

export function mailSettingsOf(env: z.infer<typeof MailEnv>): MailSettings {
  return { smtpUrl: env.SMTP_URL ?? null, mailFrom: env.MAIL_FROM ?? null };
}

export function senderOf({ mailFrom }: Pick<MailSettings, 'mailFrom'>, publicUrl: string): string {
  if (mailFrom !== null) return mailFrom;
  const host = new URL(publicUrl).hostname.replaceAll(/[[\]]/g, '');
  return `VibeTribe <no-reply@${isIP(host) === 0 ? host : 'localhost'}>`;
}
