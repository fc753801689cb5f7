import { createHmac, randomBytes } from 'node:crypto';
import { RefusalError } from '../answer.ts';
import { accessToken } from '../oauth/access-token.ts';
import type { SiteContext } from '../site.ts';
import type { Change } from '../store/store.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, Token } from '../state/grants.ts';
import { blueskyAnswers, xrpcError } from './answers.ts';
import { resourceRefusal } from './oauth-answers.ts';
import type { OAuthSessions } from './oauth-sessions.ts';

/** Life times as a personal data server sets them. */
const accessLifeMs = 2 * 3_600_000;
const refreshLifeMs = 90 * 24 * 3_600_000;
const rotatedGraceMs = 2 * 3_600_000;

export type SessionPair = { accessJwt: string; refreshJwt: string };
export type Session = { account: Account; grant: Grant; token: Token };

export type Sessions = {
  create(grant: Grant, changes?: readonly Change[]): SessionPair;
  /** Rotates; a token that was rotated within the grace gives the same pair again. */
  refresh(session: Session): SessionPair;
  /**
   * The living session of a bearer token.
   * @throws {RefusalError} 401 AuthMissing, 400 ExpiredToken or InvalidToken
   */
  require(authorization: string | undefined, use: 'access' | 'refresh'): Session;
  /** The DID of this server. */
  serviceDid(): string;
};

export function createSessions(
  { site, origin, sandbox }: SiteContext,
  oauth: Pick<OAuthSessions, 'bindingOf'>,
): Sessions {
  const { store, grants, clock, accounts } = sandbox;
  const key = randomBytes(32);
  const serviceDid = () => `did:web:${encodeURIComponent(new URL(origin()).host)}`;

  function mint(grant: Grant, use: 'access' | 'refresh'): Token {
    const issuedAtMs = clock.nowMs();
    const lifeMs = use === 'access' ? accessLifeMs : refreshLifeMs;
    const iat = Math.floor(clock.wallMs() / 1000);
    const claims = {
      scope: scopes[use],
      aud: serviceDid(),
      sub: grant.account,
      iat,
      exp: iat + lifeMs / 1000,
      jti: randomBytes(16).toString('base64url'),
    };
    const value = signed(key, use === 'access' ? 'at+jwt' : 'refresh+jwt', claims);
    return { value, grant: grant.id, use, issuedAtMs, expiresAtMs: issuedAtMs + lifeMs, successor: null };
  }

  function create(grant: Grant, changes: readonly Change[] = []): SessionPair {
    const access = mint(grant, 'access');
    const refresh = mint(grant, 'refresh');
    store.commit([...changes, grants.put(access), grants.put(refresh)]);
    return { accessJwt: access.value, refreshJwt: refresh.value };
  }

  return {
    create,
    refresh({ token, grant }) {
      if (token.successor !== null) return { accessJwt: token.successor.access, refreshJwt: token.successor.refresh };
      const access = mint(grant, 'access');
      const refresh = mint(grant, 'refresh');
      const expiresAtMs = Math.min(token.expiresAtMs ?? Infinity, clock.nowMs() + rotatedGraceMs);
      const successor = { access: access.value, refresh: refresh.value };
      const dead = grants.tokensOf(grant.id).filter(({ expiresAtMs: at }) => at !== null && at <= clock.nowMs());
      store.commit([
        ...dead.map((old) => grants.drop(old.value)),
        grants.put({ ...token, expiresAtMs, successor }),
        grants.put(access),
        grants.put(refresh),
      ]);
      return { accessJwt: access.value, refreshJwt: refresh.value };
    },
    require(authorization, use) {
      const given = accessToken(authorization);
      if (given === undefined) throw new RefusalError(xrpcError(401, 'AuthMissing', 'Authentication Required'));
      const { value, scheme } = given;
      const found = grants.look(site, value, clock.nowMs());
      if (scheme === 'DPoP') {
        if (found.state !== 'valid' || found.token.use !== 'access' || use !== 'access')
          throw new RefusalError(resourceRefusal('invalid_token', 'The token is unknown, expired or revoked'));
      } else if (found.state !== 'unknown' && oauth.bindingOf(found.grant.id) !== undefined) {
        throw new RefusalError(xrpcError(400, 'InvalidToken', 'The token is bound to a key'));
      }
      if (found.state === 'unknown') throw new RefusalError(unknownToken(value, serviceDid()));
      if (found.token.use !== use) throw new RefusalError(xrpcError(400, 'InvalidToken', 'Bad token scope'));
      const caller = { account: found.grant.account ?? '', grant: found.grant.id, use };
      if (found.state === 'revoked') throw new RefusalError(blueskyAnswers.tokenRevoked(caller));
      if (found.state === 'expired') throw new RefusalError(blueskyAnswers.tokenExpired());
      const account = accounts.byId(site, caller.account);
      if (account === undefined) throw new RefusalError(xrpcError(403, 'AccountNotFound', 'Account not found'));
      return { account, grant: found.grant, token: found.token };
    },
    serviceDid,
  };
}

const scopes = { access: 'com.atproto.appPassPrivileged', refresh: 'com.atproto.refresh' } as const;

function signed(key: Buffer, typ: string, claims: object): string {
  const parts = [{ typ, alg: 'HS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const signature = createHmac('sha256', key).update(parts.join('.')).digest('base64url');
  return `${parts.join('.')}.${signature}`;
}

/** A token of this server that it no longer knows has been revoked; anything else was never one. */
function unknownToken(value: string, serviceDid: string) {
  const claims = Buffer.from(value.split('.')[1] ?? '', 'base64url').toString('utf8');
  return claims.includes(`"aud":"${serviceDid}"`)
    ? xrpcError(400, 'ExpiredToken', 'Token has been revoked')
    : xrpcError(400, 'InvalidToken', 'Token could not be verified');
}
