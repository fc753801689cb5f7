import { DomainError } from '@vibetribe/core/domain-error';
import type { RateLimiter } from '@vibetribe/queue/rate-limiter';

type Limiter = Pick<RateLimiter, 'consume'>;

/** Mails that somebody may ask for within this. */
export const mailWindowSeconds = 15 * 60;
/** For one recipient. */
export const mailsPerRecipient = 3;

/** Of one organization: who asks for invitations may be anybody. */
export const invitationsPerOrganization = 100;

/** Against floods of mail that people ask for: by who asks, and by who receives. */
export interface MailLimit {
  /**
   * Whether the recipient has not had enough of them; whoever asks is not told.
   * @param by an address or a principal
   * @throws DomainError `rate_limited` for who asks too often
   */
  mayMail(ask: { readonly by: string; readonly recipient: string }): Promise<boolean>;
  /** An invitation is mailed to whoever an organization names: strangers too. @throws DomainError `rate_limited` */
  countInvitation(ask: { readonly organizationId: string; readonly recipient: string }): Promise<void>;
}

export function createMailLimit({
  askers,
  recipients,
  inviters,
  invited,
}: Readonly<Record<'askers' | 'recipients' | 'inviters' | 'invited', Limiter>>): MailLimit {
  const count = async (limiter: Limiter, key: string) => {
    const { allowed, resetInMs } = await limiter.consume(key);
    if (allowed) return;
    throw new DomainError('rate_limited', 'Too many mails were asked for. Wait before the next one.', {
      retryAfterSeconds: Math.max(1, Math.ceil(resetInMs / 1000)),
    });
  };
  return {
    async mayMail({ by, recipient }) {
      await count(askers, by);
      return (await recipients.consume(recipient.toLowerCase())).allowed;
    },
    async countInvitation({ organizationId, recipient }) {
      await count(inviters, organizationId);
      await count(invited, recipient.toLowerCase());
    },
  };
}
