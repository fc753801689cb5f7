import type { FastifyReply, FastifyRequest } from 'fastify';
import { RefusalError } from '../answer.ts';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import { limited, limitHeaders, missingScope, refuse, unauthenticated } from './answers.ts';
import { trialClient } from './clients.ts';
import { callsByUser, type Category, trialCallsOfApp } from './limits.ts';
import type { Owner, Owners } from './owners.ts';
import type { Tokens } from './tokens.ts';

export type Admitted = {
  owner: Owner;
  /** The first of the boards that were chosen when the grant was made. */
  account: Account;
  isTrial: boolean;
  /** A board of this owner. @throws {RefusalError} 404 */
  board: (id: string) => Account;
};

/** A living token with these scopes, within the limits. @throws {RefusalError} 401, 429 */
export type Admit = (
  request: FastifyRequest,
  reply: FastifyReply,
  needs: { scopes: readonly string[]; category: Category },
) => Admitted;

export function createAdmission({ site, platform, sandbox }: SiteContext, owners: Owners, tokens: Tokens): Admit {
  return (request, reply, { scopes, category }) => {
    const found = tokens.look(bearerToken(request.headers.authorization) ?? '');
    if (found.state !== 'valid' || found.token.use !== 'access') throw new RefusalError(unauthenticated);
    const account = sandbox.accounts.byId(site, found.grant.account ?? '');
    if (account === undefined) throw new RefusalError(unauthenticated);
    const held = found.grant.scope.split(/[\s,]+/u);
    if (!scopes.every((scope) => held.includes(scope))) throw new RefusalError(missingScope);
    const owner = owners.of(account);
    const isTrial = found.grant.client === trialClient.id;
    const byUser = { limit: callsByUser[category], subject: `${owner.id}/${found.grant.client}` };
    const byApp = { limit: trialCallsOfApp, subject: found.grant.client };
    const states = sandbox.limits.draw(platform, isTrial ? [byUser, byApp] : [byUser]);
    const nowMs = sandbox.clock.wallMs();
    const exceeded = states.find((state) => state.exceeded);
    if (exceeded !== undefined) throw new RefusalError(limited(exceeded, nowMs));
    const [user] = states;
    if (user !== undefined) reply.headers(limitHeaders(user, nowMs));
    return {
      owner,
      account,
      isTrial,
      board: (id) => {
        const board = owners.boardsOf(owner).find((each) => each.id === id);
        if (board === undefined) throw refuse(404, 40, 'Board not found.');
        return board;
      },
    };
  };
}
