import { DomainError } from '@vibetribe/core/domain-error';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';

type Limiter = Pick<RateLimiter, 'consume'>;

/** Mails that somebody may ask for within this. */
export const mailWindowSeconds = 15 * 60;
/** For one recipient. */
export const mailsPerRecipient = 3;

/** Against floods of mail that people ask for: by who asks, and by who receives. */
export interface MailLimit {
  /**
   * Whether the recipient has not had enough of them; whoever asks is not told.
   * @param by an address or a principal
   * @throws DomainError `rate_limited` for who asks too often
   */
  mayMail(ask: { readonly by: string; readonly recipient: string }): Promise<boolean>;
}

export function createMailLimit({ askers, recipients }: { askers: Limiter; recipients: Limiter }): MailLimit {
  return {
    async mayMail({ by, recipient }) {
      const { allowed, resetInMs } = await askers.consume(by);
      if (!allowed) {
        throw new DomainError('rate_limited', 'Too many mails were asked for. Wait before the next one.', {
          retryAfterSeconds: Math.max(1, Math.ceil(resetInMs / 1000)),
        });
      }
      return (await recipients.consume(recipient.toLowerCase())).allowed;
    },
  };
}
