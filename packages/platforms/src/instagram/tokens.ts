import { z } from 'zod';
import { foreignToken } from '../answers/answer-fields.ts';
import { clientOf, hostOf } from '../http/configured.ts';
import { askLongLived } from '../graph/long-lived-token.ts';
import { exchangeOwnCode } from '../graph/own-login.ts';
import { isRefused, prolong } from '../graph/person-login.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { ConsentAnswer, Credentials, RefreshRequest, TokenRefresh } from '../port/connect.ts';
import { readAccountOfPage, readAccountsOfPages, type TokenCall } from './accounts.ts';
import { graphOf, instagramName, type Login, loginOf } from './api.ts';

export const ownSettings = 'INSTAGRAM_CLIENT_ID and INSTAGRAM_CLIENT_SECRET';
export const pageSettings = 'INSTAGRAM_PAGE_CLIENT_ID and INSTAGRAM_PAGE_CLIENT_SECRET';

const hourMs = 3_600_000;
/** A token is renewed only when it is a day old, and never after its end. */
const renewedAfterMs = 24 * hourMs;
const renewedAheadMs = 10 * 24 * hourMs;

/** https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login, read 2026-11. */
export const instagramRefresh: TokenRefresh = {
  cost: 'repeatable',
  aheadMs: renewedAheadMs,
  isPossible(credentials, now) {
    const { refreshToken, details = {} } = credentials;
    if (loginOf({ details }) === 'page') return refreshToken !== undefined;
    const from = renewsFrom(credentials);
    return from === null || now >= from;
  },
  renewsFrom,
  refresh: (request) =>
    loginOf({ details: request.credentials.details ?? {} }) === 'page' ? renewByPage(request) : renewItself(request),
};

function renewsFrom({ issuedAt, details = {} }: Credentials): Date | null {
  if (issuedAt === undefined || loginOf({ details }) === 'page') return null;
  return new Date(Date.parse(issuedAt) + renewedAfterMs);
}

const Permissions = z.union([z.array(z.string()), z.string().transform((list) => list.split(','))]).catch([]);
const Code = z.object({ access_token: foreignToken(), permissions: Permissions.optional() });
/** The documents show it both ways. */
const CodeReply = z.union([Code, z.object({ data: z.tuple([Code]).rest(Code) }).transform(({ data }) => data[0])]);

/** A token for an hour, and what was granted. */
export async function exchangeCode(answer: ConsentAnswer) {
  const { endpoints } = answer;
  const login = { platformName: instagramName, client: clientOf(endpoints, ownSettings) };
  const base = hostOf(endpoints, 'login', instagramName);
  const reply = await exchangeOwnCode(login, answer, { base, answer: CodeReply });
  return { token: reply.access_token, granted: reply.permissions ?? [] };
}

/** 60 days for an hour's token. */
export function prolongShort(call: TokenCall & { readonly now: Date }): Promise<Credentials> {
  const { secret } = clientOf(call.endpoints, ownSettings);
  const query = { grant_type: 'ig_exchange_token', client_secret: secret, access_token: call.accessToken };
  return longLived(call, '/access_token', query);
}

/** Another 60 days. */
export function prolongLong(call: TokenCall & { readonly now: Date }): Promise<Credentials> {
  const query = { grant_type: 'ig_refresh_token', access_token: call.accessToken };
  return longLived(call, '/refresh_access_token', query);
}

async function longLived(
  call: TokenCall & { readonly now: Date },
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Credentials> {
  const credentials = await askLongLived(call, instagramName, path, query);
  return { ...credentials, details: { login: 'instagram' satisfies Login } };
}

async function renewItself({ endpoints, http, credentials, now }: RefreshRequest): Promise<Credentials> {
  const fresh = await prolongLong({ endpoints, http, now, accessToken: credentials.accessToken });
  return { ...credentials, ...fresh, scopes: credentials.scopes };
}

/** A page's token has no end; where it was ended, the person's token makes a new one. */
async function renewByPage({ endpoints, http, account, credentials }: RefreshRequest): Promise<Credentials> {
  const { refreshToken, accountTokens = {} } = credentials;
  if (refreshToken === undefined) throw dead('There is no token of a person with which to renew the one of the page');
  const client = endpoints.clients['page'];
  const login =
    client === undefined ? null : { http, platformName: instagramName, graph: graphOf(endpoints, 'page'), client };
  try {
    const accessToken = login === null ? refreshToken : await prolong(login, refreshToken);
    const found = await readAccountsOfPages({ endpoints, http, accessToken });
    const known = found.filter(({ externalId }) => Object.hasOwn(accountTokens, externalId));
    // One page that is lost does not take the others with it: its own token is refused.
    if (known.length === 0) throw dead('None of the pages is there for this person any more');
    const tokens = Object.fromEntries(known.map(({ externalId, token }) => [externalId, token]));
    return { ...credentials, accessToken, refreshToken: accessToken, accountTokens: { ...accountTokens, ...tokens } };
  } catch (error) {
    if (!isRefused(error)) throw error;
    const accessToken = accountTokens[account.externalId] ?? credentials.accessToken;
    const alive = await readAccountOfPage({ endpoints, http, accessToken }).catch((cause: unknown) => {
      if (isRefused(cause)) throw dead('Neither the token of the page nor that of its person is taken', cause);
      throw cause;
    });
    if (alive === null) throw error;
    const { refreshToken: _ended, ...rest } = credentials;
    return rest;
  }
}

function dead(message: string, cause?: unknown): PlatformError {
  return new PlatformError('auth_revoked', message, { platformCode: 'grant_dead', cause });
}
