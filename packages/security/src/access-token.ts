import { createHash } from 'node:crypto';
import { SignJWT, errors, jwtVerify } from 'jose';
import { deriveKey } from './derive-key.ts';

/** Who an access token speaks for. `role` is as it was when the token was made. */
export interface AccessTokenClaims {
  readonly userId: string;
  readonly organizationId: string;
  readonly sessionId: string;
  readonly role: string;
}

export interface AccessTokens {
  readonly lifetimeSeconds: number;
  sign(claims: AccessTokenClaims): Promise<string>;
  /** Null for anything that is not a current token of ours, whatever is wrong with it. It does not know about ended sessions. */
  verify(token: string): Promise<AccessTokenClaims | null>;
}

const algorithm = 'HS256';
const type = 'at+jwt';
const audience = 'vibetribe-api';

/**
 * Short-lived JWTs (HS256). Algorithm, type, issuer, audience and key id are pinned: a token that differs in any of them is refused.
 * @param secret AUTH_SECRET, at least 32 characters; the signing key is derived from it
 */
export function createAccessTokens({
  secret,
  issuer,
  lifetimeSeconds = 600,
  now,
}: {
  readonly secret: string;
  readonly issuer: string;
  readonly lifetimeSeconds?: number;
  readonly now: () => Date;
}): AccessTokens {
  const key = deriveKey(secret, 'access-token');
  const keyId = createHash('sha256').update(deriveKey(secret, 'access-token-key-id')).digest('base64url').slice(0, 8);

  return {
    lifetimeSeconds,

    sign({ userId, organizationId, sessionId, role }) {
      const issuedAtSeconds = Math.floor(now().getTime() / 1000);
      return new SignJWT({ org: organizationId, sid: sessionId, role })
        .setProtectedHeader({ alg: algorithm, typ: type, kid: keyId })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(issuedAtSeconds)
        .setExpirationTime(issuedAtSeconds + lifetimeSeconds)
        .sign(key);
    },

    async verify(token) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          typ: type,
          issuer,
          audience,
          requiredClaims: ['exp', 'iat', 'sub'],
          currentDate: now(),
        });
        return protectedHeader.kid === keyId ? claimsOf(payload) : null;
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}

function claimsOf({ sub, org, sid, role }: Record<string, unknown>): AccessTokenClaims | null {
  if (typeof sub !== 'string' || typeof org !== 'string' || typeof sid !== 'string' || typeof role !== 'string')
    return null;
  return { userId: sub, organizationId: org, sessionId: sid, role };
}
