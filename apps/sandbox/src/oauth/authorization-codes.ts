import { z } from 'zod';
import type { Store } from '../store/store.ts';
import type { Clock } from '../state/clock.ts';
import { randomSecret } from '../state/random-secret.ts';

/** What a code stands for. `challenge` is null where the request came without PKCE. */
export type AuthorizationCode = z.infer<typeof AuthorizationCode>;

export type AuthorizationCodes = {
  issue(fields: Omit<AuthorizationCode, 'code' | 'expiresAtMs'>, lifeMs: number): string;
  /** The account a code was issued for, without using it up. */
  peek(site: string, code: string): AuthorizationCode | undefined;
  /** Uses the code up: undefined when it is unknown, expired or used before. */
  redeem(site: string, code: string): AuthorizationCode | undefined;
};

export function createAuthorizationCodes(store: Store, clock: Clock): AuthorizationCodes {
  const table = store.table('authorization-codes', AuthorizationCode);
  const isLive = (row: AuthorizationCode) => row.expiresAtMs > clock.nowMs();
  const peek = (site: string, code: string) => {
    const row = table.get(code);
    return row !== undefined && row.site === site && isLive(row) ? row : undefined;
  };
  return {
    issue(fields, lifeMs) {
      const code = randomSecret();
      const expired = Array.from(table.rows()).filter((row) => !isLive(row));
      const row = { ...fields, code, expiresAtMs: clock.nowMs() + lifeMs };
      store.commit([...expired.map((old) => table.drop(old.code)), table.put(code, row)]);
      return code;
    },
    peek,
    redeem(site, code) {
      const row = peek(site, code);
      if (row !== undefined) store.commit([table.drop(code)]);
      return row;
    },
  };
}

const AuthorizationCode = z.object({
  code: z.string(),
  site: z.string(),
  account: z.string(),
  client: z.string(),
  redirectUri: z.string(),
  scope: z.string(),
  challenge: z.object({ value: z.string(), method: z.enum(['S256', 'plain']) }).nullable(),
  expiresAtMs: z.number(),
});
