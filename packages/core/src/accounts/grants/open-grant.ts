import type { Credentials } from '@vibetribe/platforms/port/connect';
import { SecretUnreadableError } from '@vibetribe/security/secret-unreadable-error';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { openCredentials } from './seal-credentials.ts';

/** What is told of credentials that no key opens. They may become readable again: nobody's grant is ended for it. */
export const unreadable = {
  retryAfterMs: 5 * 60_000,
  detail:
    'The stored credentials of this account cannot be opened with the keys of this service. An operator has to restore the key, or the account has to be connected again.',
} as const;

/** A grant's credentials; null, and logged, where no key that is here opens them. */
export function openGrant(
  deps: Pick<CoreDependencies, 'keyRing' | 'logger'>,
  grant: { readonly id: string; readonly organizationId: string },
  sealed: string,
): Credentials | null {
  try {
    return openCredentials(deps.keyRing, grant, sealed);
  } catch (error) {
    if (!(error instanceof SecretUnreadableError)) throw error;
    deps.logger.error({ err: error, grantId: grant.id }, 'credentials cannot be opened: see ENCRYPTION_KEYS');
    return null;
  }
}
