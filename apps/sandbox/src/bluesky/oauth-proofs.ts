import { createHash, createHmac, createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RefusalError, type Answer } from '../answer.ts';
import type { Clock } from '../state/clock.ts';

/** How long a nonce is given out, ms. The server accepts it for as long again. */
const nonceLifeMs = 3 * 60_000;
const clockToleranceMs = 5 * 60_000;
const jtisMax = 100_000;

export type Proofs = {
  /** The server's nonce goes with every answer. */
  announce(reply: FastifyReply): void;
  /**
   * The thumbprint of the key that the request proves, https://www.rfc-editor.org/rfc/rfc9449#section-4.3.
   * @param token the access token that goes with it
   * @throws {RefusalError} `use_dpop_nonce` or `invalid_dpop_proof`
   */
  require(request: FastifyRequest, token?: string): string;
};

/** @param refuse the server's own form of these refusals */
export function createProofs(
  clock: Clock,
  origin: () => string,
  refuse: (error: 'use_dpop_nonce' | 'invalid_dpop_proof', description: string) => Answer,
): Proofs {
  const secret = randomBytes(32);
  const seen = new Set<string>();
  const nonceOf = (period: number) => createHmac('sha256', secret).update(String(period)).digest('base64url');
  const period = () => Math.floor(clock.nowMs() / nonceLifeMs);

  return {
    announce: (reply) => void reply.header('dpop-nonce', nonceOf(period())),
    require({ headers, method, originalUrl }, token) {
      const invalid = (why: string) => new RefusalError(refuse('invalid_dpop_proof', why));
      const given = headers['dpop'];
      if (typeof given !== 'string') throw invalid('DPoP proof required');
      const { claims, jwk } = readProof(given) ?? {};
      if (claims === undefined || jwk === undefined) throw invalid('Invalid DPoP proof');
      if (claims.htm !== method) throw invalid('DPoP "htm" mismatch');
      if (claims.htu !== `${origin()}${originalUrl.split('?', 1)[0] ?? ''}`) throw invalid('DPoP "htu" mismatch');
      if (Math.abs(claims.iat * 1_000 - clock.wallMs()) > clockToleranceMs) throw invalid('DPoP "iat" is too old');
      const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url');
      if (claims.ath !== ath) throw invalid('DPoP "ath" mismatch');
      if (claims.nonce === undefined || ![period(), period() - 1].map(nonceOf).includes(claims.nonce))
        throw new RefusalError(refuse('use_dpop_nonce', 'Authorization server requires nonce in DPoP proof'));
      if (seen.has(claims.jti)) throw invalid('DPoP proof replayed');
      if (seen.size >= jtisMax) seen.clear();
      seen.add(claims.jti);
      return thumbprintOf(jwk);
    },
  };
}

const Key = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() });
const Header = z.object({ typ: z.literal('dpop+jwt'), alg: z.literal('ES256'), jwk: Key });
const Claims = z.object({
  jti: z.string().min(1),
  htm: z.string(),
  htu: z.string(),
  iat: z.int(),
  nonce: z.string().optional(),
  ath: z.string().optional(),
});

function readProof(jwt: string) {
  const parsed = z.tuple([Header, Claims]).safeParse(jwt.split('.').slice(0, 2).map(jsonIn));
  if (!parsed.success) return undefined;
  const [{ jwk }, claims] = parsed.data;
  return isSignedBy(jwk, jwt) ? { jwk, claims } : undefined;
}

/** ES256, RFC 7518, 3.4. */
export function isSignedBy(jwk: JsonWebKey, jwt: string): boolean {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  return verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
}

export function jsonIn(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** RFC 7638. */
function thumbprintOf({ crv, kty, x, y }: z.infer<typeof Key>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}
