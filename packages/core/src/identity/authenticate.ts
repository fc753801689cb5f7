import { hashApiKey, isApiKeyShaped } from '@vibetribe/security/api-key';
import type { Caches } from '../caches.ts';
import { DomainError } from '../domain-error.ts';
import type { AuthenticatedActor, Credential } from './authenticated-actor.ts';
import { findCookieActor } from './cookie-session.ts';
import {
  actorOfSession,
  findKeyActor,
  findSession,
  type KeyActor,
  lifeMsOfKey,
  type SessionPrincipal,
} from './find-principal.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';

export interface Authenticator {
  /**
   * Whom an access token or API key speaks for.
   * @throws DomainError `unauthenticated`, `session_revoked`
   */
  authenticate(bearer: string): Promise<AuthenticatedActor>;
  /** Whom a browser's cookie speaks for. @throws DomainError `session_revoked` */
  authenticateCookie(cookie: string): Promise<AuthenticatedActor>;
  /** The same actor as it is now, straight from the database; null if the credential has ended or the user is no longer a member. */
  recheck(actor: {
    readonly credential: Credential;
    readonly organizationId: string;
  }): Promise<AuthenticatedActor | null>;
  /** To be told of each announced revocation. */
  forget(credential: Credential): void;
  /** For when announcements may have been missed. */
  forgetAll(): void;
}

/** How long an ended credential can live on in a process that the announcement did not reach. */
const ttlMsMax = 5_000;
const entriesMax = 20_000;

export function createAuthenticator(
  deps: Pick<IdentityDependencies, 'db' | 'accessTokens'> & { readonly caches: Caches },
): Authenticator {
  const sessions = deps.caches.open<SessionPrincipal | null>('sessions', { ttlMsMax, entriesMax });
  const keys = deps.caches.open<KeyActor | null>('keys', { ttlMsMax, entriesMax, lifeMsOf: lifeMsOfKey });

  const authenticateKey = async (key: string) => {
    const hash = hashApiKey(key);
    const actor = await keys.get(hash, () => deps.db.asIdentity((tx) => findKeyActor(tx, { hash })));
    if (actor === null) throw new DomainError('unauthenticated', 'The API key is unknown, expired or revoked.');
    return actor;
  };

  const authenticateToken = async (token: string) => {
    const claims = await deps.accessTokens.verify(token);
    if (claims === null) throw new DomainError('unauthenticated', 'The access token is not valid or has expired.');
    const session = await sessions.get(claims.sessionId, () =>
      deps.db.asIdentity((tx) => findSession(tx, claims.sessionId)),
    );
    if (session === null) throw new DomainError('session_revoked', 'The session has ended. Sign in again.');
    const actor = session.userId === claims.userId ? actorOfSession(session, claims.organizationId) : null;
    if (actor === null)
      throw new DomainError('unauthenticated', 'The user is no longer a member of this organization.');
    return actor;
  };

  return {
    authenticate: (bearer) => (isApiKeyShaped(bearer) ? authenticateKey(bearer) : authenticateToken(bearer)),

    async authenticateCookie(cookie) {
      const actor = await deps.db.asIdentity((tx) => findCookieActor(tx, cookie));
      if (actor === null) throw new DomainError('session_revoked', 'The session has ended. Sign in again.');
      return actor;
    },

    async recheck({ credential, organizationId }) {
      if (credential.kind === 'key') return deps.db.asIdentity((tx) => findKeyActor(tx, { id: credential.keyId }));
      const session = await deps.db.asIdentity((tx) => findSession(tx, credential.familyId));
      return session === null ? null : actorOfSession(session, organizationId);
    },

    forget(credential) {
      if (credential.kind === 'session') sessions.forget(credential.familyId);
      // Keys are remembered by their hash, which the announcement does not carry.
      else keys.forgetAll();
    },

    forgetAll() {
      sessions.forgetAll();
      keys.forgetAll();
    },
  };
}
