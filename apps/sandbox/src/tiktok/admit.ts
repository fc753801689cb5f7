import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { RefusalError } from '../answer.ts';
import { refuse, tiktokAnswers } from './answers.ts';
import { unauditedClient } from './clients.ts';
import { type CallKind, callsByUser } from './limits.ts';
import type { Tokens } from './tokens.ts';

export type Admitted = { account: Account; isAudited: boolean };

/** A living token with this scope, within the limits. @throws {RefusalError} 401, 429 */
export type Admit = (request: FastifyRequest, needs: { scope: string; call: CallKind }) => Admitted;

export function createAdmission({ site, platform, sandbox }: SiteContext, tokens: Tokens): Admit {
  return (request, { scope, call }) => {
    const found = tokens.look(bearerToken(request.headers.authorization) ?? '');
    const isGood = found.state === 'valid' && found.token.use === 'access';
    const account = isGood ? sandbox.accounts.byId(site, found.grant.account ?? '') : undefined;
    if (!isGood || account === undefined) throw new RefusalError(tiktokAnswers.tokenExpired());
    if (!found.grant.scope.split(',').includes(scope)) throw new RefusalError(tiktokAnswers.forbidden());
    const [state] = sandbox.limits.draw(platform, [{ limit: callsByUser[call], subject: account.id }]);
    if (state?.exceeded === true) throw refuse(429, 'rate_limit_exceeded', 'The API rate limit was exceeded.');
    return { account, isAudited: found.grant.client !== unauditedClient.id };
  };
}
