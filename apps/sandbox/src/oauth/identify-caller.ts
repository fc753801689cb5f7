import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Caller, SiteContext } from '../site.ts';
import { bearerToken } from './bearer-token.ts';

/** What a request shows of who sends it. */
export interface Shown {
  readonly token: string | undefined;
  readonly code: string | undefined;
}

/** Who sends a request that shows a token, or the code that is to be exchanged for one. */
export function identifyCaller(
  { site, sandbox }: Pick<SiteContext, 'site' | 'sandbox'>,
  { token, code }: Shown,
): Caller | undefined {
  const found = sandbox.grants.look(site, token ?? '', sandbox.clock.nowMs());
  if (found.state !== 'unknown') {
    const { account, id: grant } = found.grant;
    return account === null ? undefined : { account, grant, use: found.token.use === 'refresh' ? 'refresh' : 'access' };
  }
  const signIn = code === undefined ? undefined : sandbox.codes.peek(site, code);
  return signIn === undefined ? undefined : { account: signIn.account, grant: null, use: 'sign-in' };
}

const Fields = z.record(z.string(), z.unknown()).catch({});

/** @param tokenFields of the body, in the order in which they win; the header comes last */
export function shownIn({ body, headers }: FastifyRequest, tokenFields: readonly string[] = ['refresh_token']): Shown {
  const fields = Fields.parse(body);
  const textOf = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  const token = tokenFields.map(textOf).find((value) => value !== undefined);
  return { token: token ?? bearerToken(headers.authorization), code: textOf('code') };
}
