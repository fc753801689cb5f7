import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LoginTokens } from '../graph/login-tokens.ts';
import { missingPermission, noSuchObject, refuse, tokenFaults } from '../graph/answers.ts';
import { livingGrant } from '../graph/living-grant.ts';
import { tokenOf } from '../graph/request-parameters.ts';
import { appUsage, usageOf } from '../graph/usage.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant } from '../state/grants.ts';
import { callsOfAccount, useCase } from './limits.ts';

export type Admitted = { account: Account; grant: Grant };

export type Admission = {
  /** A living token with this permission, within the account's limits. @throws {RefusalError} */
  own(request: FastifyRequest, reply: FastifyReply, scope: Scope): Admitted;
  /** The same, for the account named in the path. @throws {RefusalError} */
  named(request: FastifyRequest, reply: FastifyReply, id: string, scope: Scope): Admitted;
};

export type Scope =
  | 'threads_basic'
  | 'threads_content_publish'
  | 'threads_delete'
  | 'threads_manage_insights'
  | 'threads_manage_replies'
  | 'threads_read_replies';

export function createAdmission({ site, platform, sandbox }: SiteContext, tokens: LoginTokens): Admission {
  function own(request: FastifyRequest, reply: FastifyReply, scope: Scope): Admitted {
    const grant = livingGrant(tokens, tokenOf(request));
    const account = sandbox.accounts.byId(site, grant.account ?? '');
    if (account === undefined) throw refuse(tokenFaults.malformed);
    if (!grant.scope.split(',').includes(scope)) throw missingPermission(scope);
    const [calls] = sandbox.limits.draw(platform, [{ limit: callsOfAccount, subject: account.id }]);
    if (calls === undefined) return { account, grant };
    reply.headers({ ...usageOf(useCase.type, account.id, calls, sandbox.clock.wallMs()), ...appUsage(1) });
    if (!calls.exceeded) return { account, grant };
    throw refuse({ code: useCase.code, message: `(#${useCase.code}) There have been too many calls to this account.` });
  }

  return {
    own,
    named(request, reply, id, scope) {
      const admitted = own(request, reply, scope);
      if (id !== 'me' && id !== admitted.account.id) throw noSuchObject(id);
      return admitted;
    },
  };
}
