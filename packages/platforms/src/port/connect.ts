import type { z } from 'zod';
import type { PlatformHttp } from '../platform-http.ts';
import type { AdapterAccount, ServerRules } from './account.ts';
import type { PlatformEndpoints } from './endpoints.ts';

/** Secrets of one grant. Encrypted as one value; only ever in memory inside the request that uses them. */
export interface Credentials {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Bluesky only: makes a new session when the refresh token is lost. */
  readonly appPassword?: string;
  /** ISO 8601; absent where the token never expires. From the platform's own reply, never assumed. */
  readonly expiresAt?: string;
  readonly scopes: readonly string[];
}

/** One grant and the accounts it opens: usually one, several where a grant holds pages, boards or locations. */
export interface ConnectedGrant {
  readonly credentials: Credentials;
  readonly service: string | null;
  readonly accounts: readonly {
    /** Unique on its platform; on platforms of many servers, unique on its `service`. */
    readonly externalId: string;
    readonly handle: string;
    readonly displayName: string;
    readonly serverRules?: ServerRules;
  }[];
}

export interface OAuthConnect {
  readonly scopes: readonly string[];
  readonly pkce: boolean;
  authorizationUrl(request: {
    readonly endpoints: PlatformEndpoints;
    readonly redirectUri: string;
    readonly state: string;
    /** base64url SHA-256 of the verifier. */
    readonly codeChallenge: string;
  }): string;
  exchange(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly redirectUri: string;
    readonly code: string;
    readonly codeVerifier: string;
    readonly now: Date;
  }): Promise<ConnectedGrant>;
  revoke?(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly credentials: Credentials;
  }): Promise<void>;
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
  connect(request: {
    readonly endpoints: PlatformEndpoints;
    readonly http: PlatformHttp;
    readonly credentials: Readonly<Record<string, string | undefined>>;
    readonly now: Date;
  }): Promise<ConnectedGrant>;
}

export interface RefreshRequest {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly account: AdapterAccount;
  readonly credentials: Credentials;
  readonly now: Date;
}
