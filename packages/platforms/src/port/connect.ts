import type { z } from 'zod';
import type { PlatformHttp } from './platform-http.ts';
import type { AdapterAccount, ServerRules } from './account.ts';
import type { OAuthClient, PlatformEndpoints } from './endpoints.ts';

/** Secrets of one grant. Encrypted as one value; only ever in memory inside the request that uses them. */
export interface Credentials {
  readonly accessToken: string;
  /** By `externalId`, where each account of the grant has a token of its own (Facebook pages). */
  readonly accountTokens?: Readonly<Record<string, string>>;
  readonly refreshToken?: string;
  /** Bluesky only: makes a new session when the refresh token is lost. */
  readonly appPassword?: string;
  /** What only this platform's adapter reads: which login issued the token, the client of the user's own server, a key that proves possession. */
  readonly details?: Readonly<Record<string, string>>;
  /** ISO 8601. When the access token was issued; kept where the platform renews only tokens of a certain age. */
  readonly issuedAt?: string;
  /** ISO 8601; absent where the token never expires. From the platform's own reply, never assumed. */
  readonly expiresAt?: string;
  readonly scopes: readonly string[];
}

/** One grant and the accounts it opens: usually one, several where a grant holds pages, organizations or locations. */
export interface ConnectedGrant {
  readonly credentials: Credentials;
  readonly service: string | null;
  /**
   * Who consented, by the platform's id of that person. Given where `revoke` ends everything that they ever granted to this
   * application: then it is called only once none of their other grants is in use.
   */
  readonly grantedBy?: string;
  readonly accounts: readonly {
    /** Unique as `PlatformAdapter.externalIdScope` says. */
    readonly externalId: string;
    readonly handle: string;
    readonly displayName: string;
    readonly serverRules?: ServerRules;
  }[];
}

interface ConnectCall {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
}

export interface OAuthConnect {
  readonly scopes: readonly string[];
  readonly pkce: boolean;
  /** Makes this installation known to a server of the user's choice. Called once for each server; what comes back is kept, sealed. */
  registerClient?(
    request: ConnectCall & { readonly server: string; readonly redirectUri: string },
  ): Promise<OAuthClient>;
  /** Where servers know a client by an address of ours, at which it describes itself. */
  readonly describedClient?: DescribedClient;
  /**
   * Where the user is to be sent. It may ask the platform first (a pushed request, which server an account lives on).
   * @throws PlatformError `content` where what the user named is no server of this platform
   */
  begin(request: ConsentRequest): Promise<ConsentBegun>;
  /** Trades what the consent page sent back for a grant. @throws PlatformError `auth_revoked` where the code is not good */
  exchange(request: ConsentAnswer): Promise<ConnectedGrant>;
  /** Asks the platform to forget the grant; see `ConnectedGrant.grantedBy`. */
  revoke?(request: ConnectCall & { readonly credentials: Credentials; readonly now: Date }): Promise<void>;
}

/** A client metadata document: https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/, read 2026-11. */
export interface DescribedClient {
  /**
   * Made once for a place and kept, sealed; the same one comes to all servers.
   * @throws PlatformError `permission` where no server would take a client of such an address
   */
  make(place: ClientPlace): Promise<OAuthClient>;
  /** What is served at the client's address. Nothing of it is secret. */
  describe(client: OAuthClient, place: ClientPlace): Promise<ClientDescription>;
}

export interface ClientDescription {
  readonly client_id: string;
  readonly redirect_uris: string[];
  readonly scope: string;
  readonly [field: string]: unknown;
}

export interface ClientPlace {
  /** Where the description is served. */
  readonly address: string;
  readonly redirectUri: string;
}

export interface ConsentRequest extends ConnectCall {
  readonly redirectUri: string;
  readonly state: string;
  /** base64url SHA-256 of the verifier. */
  readonly codeChallenge: string;
  /** The server that the user named (`instance` or `service`), as given. */
  readonly server: string | null;
  readonly handle: string | null;
  /** What `registerClient` gave for that server, or `describedClient.make`; null where there is neither. */
  readonly client: OAuthClient | null;
  readonly now: Date;
}

export interface ConsentBegun {
  readonly authorizationUrl: string;
  /** Kept, sealed, with the state and given to `exchange`: which server was asked, which key proves possession. */
  readonly pending?: Readonly<Record<string, string>>;
}

export interface ConsentAnswer extends ConnectCall {
  readonly redirectUri: string;
  readonly code: string;
  /** `iss` of the callback (RFC 9207), null where there was none. */
  readonly issuer: string | null;
  readonly codeVerifier: string;
  /** As `begin` gave it; empty where it gave none. */
  readonly pending: Readonly<Record<string, string>>;
  readonly now: Date;
}

export interface ManualConnect {
  /** What the form asks for; `secret` fields are never shown again. */
  readonly fields: readonly {
    readonly name: string;
    readonly label: string;
    readonly secret: boolean;
    readonly required: boolean;
  }[];
  /** Strict schema of the credentials: its faults are shown under `credentials.<field>`. */
  readonly credentials: z.ZodType<Record<string, string | undefined>>;
  connect(
    request: ConnectCall & { readonly credentials: Readonly<Record<string, string | undefined>>; readonly now: Date },
  ): Promise<ConnectedGrant>;
}

/** How credentials are renewed, and what that costs. */
export interface TokenRefresh {
  /** `rotating`: what it is done with works once, and an answer that is lost costs the grant. `repeatable`: asking again harms nothing. */
  readonly cost: 'rotating' | 'repeatable';
  /** Renewed at the latest this long before its end, ms: long where a token that has expired cannot be renewed any more. */
  readonly aheadMs?: number;
  /** Whether asking can help at this time: there is something to ask with, and the platform renews tokens of this age. */
  isPossible(credentials: Credentials, now: Date): boolean;
  /** From when on the platform renews this token, where it does not renew young ones. */
  renewsFrom?(credentials: Credentials): Date | null;
  /** @throws PlatformError `auth_revoked` where the platform says that the grant is dead; for everything else it is asked again later */
  refresh(request: RefreshRequest): Promise<Credentials>;
}

export interface RefreshRequest extends ConnectCall {
  /** One of the grant's accounts. */
  readonly account: AdapterAccount;
  readonly credentials: Credentials;
  readonly now: Date;
}
