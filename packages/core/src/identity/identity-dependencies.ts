import type { Database } from '@vibetribe/db/connect-database';
import type { Logger } from '@vibetribe/observability/logger';
import type { AccessTokens } from '@vibetribe/security/access-token';
import type { PasswordHasher } from '@vibetribe/security/password';
import type { Credential } from './authenticated-actor.ts';

/** What signing in and its kin need from outside. Each verb takes a `Pick` of it. */
export interface IdentityDependencies {
  readonly db: Database;
  readonly logger: Logger;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly registrationOpen: boolean;
}

/** Tells every process that a credential has ended. It may be lost: caches of credentials live for seconds only. */
export interface Revocations {
  announce(credential: Credential): void;
  /** Somebody's role in an organization has changed, or they are no longer a member: requests and sockets learn of it at once. */
  memberChanged(member: { readonly organizationId: string; readonly userId: string }): void;
}
