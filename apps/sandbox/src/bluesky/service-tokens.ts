import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What a token lets another service do in an account's name. */
export type ServiceClaims = z.infer<typeof ServiceClaims>;

const ServiceClaims = z.object({ iss: z.string(), aud: z.string(), lxm: z.string().optional(), exp: z.number() });

/** Tokens of `com.atproto.server.getServiceAuth`. A real server signs them with the account's key, so that anybody can check them. */
export type ServiceTokens = {
  sign(claims: ServiceClaims): string;
  /** Undefined where the token is not of this server, or is over. */
  read(token: string, nowSeconds: number): ServiceClaims | undefined;
};

export function createServiceTokens(): ServiceTokens {
  const key = randomBytes(32);
  const signatureOf = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    sign(claims) {
      const parts = [
        { typ: 'JWT', alg: 'HS256' },
        { ...claims, jti: randomBytes(8).toString('hex') },
      ];
      const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      return `${text}.${signatureOf(text).toString('base64url')}`;
    },
    read(token, nowSeconds) {
      const [head = '', body = '', signature = ''] = token.split('.');
      const expected = signatureOf(`${head}.${body}`);
      const given = Buffer.from(signature, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const claims = ServiceClaims.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
      return claims.exp > nowSeconds ? claims : undefined;
    },
  };
}
