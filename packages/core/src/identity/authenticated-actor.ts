import type { Actor } from '../actor.ts';

/** What an actor showed: a signed-in session, as the family of its refresh tokens, or an API key. */
export type Credential =
  | { readonly kind: 'session'; readonly familyId: string }
  | { readonly kind: 'key'; readonly keyId: string };

/** An actor together with what it showed, for what concerns the credential itself: signing out, tickets, sockets. */
export interface AuthenticatedActor extends Actor {
  readonly credential: Credential;
}
