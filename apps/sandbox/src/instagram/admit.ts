import type { FastifyReply, FastifyRequest } from 'fastify';
import { missingPermission, noSuchObject, refuse, tokenFaults } from '../graph/answers.ts';
import { tokenOf } from '../graph/request-parameters.ts';
import { appUsage, usageOf } from '../graph/usage.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant, TokenLookup } from '../state/grants.ts';
import { callsOfAccount, useCase } from './limits.ts';

/** What a token opens here: its own account, or accounts of the neighbour's pages. `isOwn`: of Instagram's own login. */
export type Opened = { grant: Grant; accounts: readonly string[]; isOwn: boolean };

export type Admission = {
  /** Undefined where the token is nobody's. */
  look(value: string): { state: 'valid' | 'expired' | 'revoked'; opened: Opened } | undefined;
  /** A living token. @throws {RefusalError} 190 */
  opened(request: FastifyRequest): Opened;
  /** The account named in the path, within its limits. @throws {RefusalError} */
  account(request: FastifyRequest, reply: FastifyReply, id: string, need: Need): Account;
};

/** A permission under the names that the two logins have for it. */
export type Need = 'basic' | 'content_publish' | 'manage_comments' | 'manage_insights';

export function createAdmission({ site, platform, sandbox, sharing }: SiteContext): Admission {
  function look(value: string) {
    const nowMs = sandbox.clock.nowMs();
    const own = sandbox.grants.look(site, value, nowMs);
    if (own.state !== 'unknown') {
      const accounts = own.grant.account === null ? [] : [own.grant.account];
      return { state: own.state, opened: { grant: own.grant, accounts, isOwn: true } };
    }
    for (const other of sharing()) {
      const found: TokenLookup = sandbox.grants.look(other.id, value, nowMs);
      if (found.state === 'unknown') continue;
      const accounts = other.opens?.(found.grant) ?? [];
      return { state: found.state, opened: { grant: found.grant, accounts, isOwn: false } };
    }
    return undefined;
  }

  function opened(request: FastifyRequest): Opened {
    const value = tokenOf(request);
    if (value === undefined) throw refuse(tokenFaults.missing);
    const found = look(value);
    if (found === undefined) throw refuse(tokenFaults.malformed);
    if (found.state !== 'valid') throw refuse(tokenFaults[found.state]);
    return found.opened;
  }

  return {
    look,
    opened,
    account(request, reply, id, need) {
      const { grant, accounts, isOwn } = opened(request);
      const wanted = id === 'me' ? accounts[0] : id;
      const account = sandbox.accounts.byId(site, wanted ?? '');
      if (account === undefined || !accounts.includes(account.id)) throw noSuchObject(id);
      const scope = isOwn ? `instagram_business_${need}` : `instagram_${need}`;
      if (!grant.scope.split(',').includes(scope)) throw missingPermission(scope);
      const [calls] = sandbox.limits.draw(platform, [{ limit: callsOfAccount, subject: account.id }]);
      if (calls === undefined) return account;
      reply.headers({ ...usageOf(useCase.type, account.id, calls, sandbox.clock.wallMs()), ...appUsage(1) });
      if (!calls.exceeded) return account;
      const message = `(#${useCase.code}) There have been too many calls to this Instagram account.`;
      throw refuse({ code: useCase.code, message });
    },
  };
}
