import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressKey } from './address-key.ts';
import type { SignInFrom } from './sign-in-limit.ts';

/** This cookie stands beside the session's, and opens nothing. */
const cookieName = '__Host-vibetribe-device';
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict';
const lifeSeconds = 180 * 86_400;

/** Browsers and clients that have signed in before, by a cookie that tells which user it was: guesses from elsewhere do not slow them. */
export interface KnownDevices {
  /** Where a request to sign in as `email` comes from. */
  from(request: Pick<FastifyRequest, 'headers' | 'ip'>, email: string): SignInFrom;
  /** Whoever gets this answer has proved to be the user. */
  remember(reply: FastifyReply, email: string): void;
}

/** @param key seals these cookies, and nothing else */
export function createKnownDevices({ key, now }: { readonly key: Buffer; readonly now: () => Date }): KnownDevices {
  const nowSeconds = () => Math.floor(now().getTime() / 1000);
  const sealOf = (email: string, id: string, endsAt: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([email.toLowerCase(), id, endsAt]))
      .digest('base64url');

  return {
    from({ headers, ip }, email) {
      const [id = '', endsAt = '', seal = ''] = cookieOf(headers.cookie)?.split('.') ?? [];
      const isKnown = isSame(seal, sealOf(email, id, endsAt)) && Number(endsAt) > nowSeconds();
      return { email, address: addressKey(ip), device: isKnown ? id : null };
    },

    remember(reply, email) {
      const id = randomBytes(12).toString('base64url');
      const endsAt = String(nowSeconds() + lifeSeconds);
      const value = [id, endsAt, sealOf(email, id, endsAt)].join('.');
      void reply.header('set-cookie', `${cookieName}=${value}; ${attributes}; Max-Age=${lifeSeconds}`);
    },
  };
}

function cookieOf(header = ''): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1, 200);
}

function isSame(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
