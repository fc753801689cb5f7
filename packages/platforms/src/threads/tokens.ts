import { z } from 'zod';
import { foreignToken } from '../answers/answer-fields.ts';
import { apiOf, clientOf } from '../http/configured.ts';
import { askLongLived } from '../graph/long-lived-token.ts';
import { exchangeOwnCode } from '../graph/own-login.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { ConsentAnswer, Credentials, RefreshRequest, TokenRefresh } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { threadsName } from './api.ts';

export const clientSettings = 'THREADS_CLIENT_ID and THREADS_CLIENT_SECRET';

const dayMs = 24 * 3_600_000;

/** A token is renewed when it is a day old, and never after its end. https://developers.facebook.com/docs/threads/get-started/long-lived-tokens, read 2026-11. */
export const threadsRefresh: TokenRefresh = {
  cost: 'repeatable',
  aheadMs: 10 * dayMs,
  isPossible(credentials, now) {
    const from = renewsFrom(credentials);
    return from === null || now >= from;
  },
  renewsFrom,
  async refresh({ endpoints, http, credentials, now }: RefreshRequest) {
    const fresh = await prolongLong({ endpoints, http, now, accessToken: credentials.accessToken });
    return { ...credentials, ...fresh, scopes: credentials.scopes };
  },
};

function renewsFrom({ issuedAt }: Credentials): Date | null {
  return issuedAt === undefined ? null : new Date(Date.parse(issuedAt) + dayMs);
}

export interface TokenCall {
  readonly endpoints: PlatformEndpoints;
  readonly http: PlatformHttp;
  readonly accessToken: string;
  readonly now: Date;
}

const CodeReply = z.object({ access_token: foreignToken() });

/** A token for an hour. */
export async function exchangeCode(answer: ConsentAnswer): Promise<string> {
  const { endpoints } = answer;
  const login = { platformName: threadsName, client: clientOf(endpoints, clientSettings) };
  const base = apiOf(endpoints, threadsName);
  return (await exchangeOwnCode(login, answer, { base, answer: CodeReply })).access_token;
}

/** 60 days for an hour's token. */
export function prolongShort(call: TokenCall): Promise<Credentials> {
  const { secret } = clientOf(call.endpoints, clientSettings);
  const query = { grant_type: 'th_exchange_token', client_secret: secret, access_token: call.accessToken };
  return askLongLived(call, threadsName, '/access_token', query);
}

/** Another 60 days. */
export function prolongLong(call: TokenCall): Promise<Credentials> {
  return askLongLived(call, threadsName, '/refresh_access_token', {
    grant_type: 'th_refresh_token',
    access_token: call.accessToken,
  });
}
