import { z } from 'zod';
import { endOfLife, foreignToken } from '../answers/answer-fields.ts';
import { apiOf } from '../http/configured.ts';
import type { PlatformHttp } from '../port/platform-http.ts';
import type { Credentials } from '../port/connect.ts';
import type { PlatformEndpoints } from '../port/endpoints.ts';
import { callGraph } from './call-graph.ts';
import { graphGrantRefusal } from './errors.ts';

const LongLived = z.object({ access_token: foreignToken(), expires_in: z.number() });

/** Asks for a token that lives 60 days. The platform takes this request as an address only. */
export async function askLongLived(
  { endpoints, http, now }: { readonly endpoints: PlatformEndpoints; readonly http: PlatformHttp; readonly now: Date },
  platformName: string,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Credentials> {
  const reply = await callGraph({
    http,
    platformName,
    method: 'GET',
    url: `${apiOf(endpoints, platformName)}${path}`,
    query,
    effect: 'idempotent',
    answer: LongLived,
    refusalOf: graphGrantRefusal,
  });
  const expiresAt = endOfLife(now, reply.expires_in);
  return {
    accessToken: reply.access_token,
    issuedAt: now.toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    scopes: [],
  };
}
