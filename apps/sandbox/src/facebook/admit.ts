import type { FastifyReply, FastifyRequest } from 'fastify';
import { graphError, missingPermission, refuse, tokenFaults } from '../graph/answers.ts';
import { livingGrant } from '../graph/living-grant.ts';
import { parametersOf, tokenOf } from '../graph/request-parameters.ts';
import { appUsage, usageOf } from '../graph/usage.ts';
import { RefusalError } from '../answer.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant } from '../state/grants.ts';
import { callsOfPage, useCase } from './limits.ts';
import type { People, Person } from './people.ts';
import type { Tokens } from './tokens.ts';

/** Who asks: a person, or a page that a person runs. */
export type Caller = { grant: Grant; scopes: readonly string[] } & (
  | { kind: 'person'; person: Person }
  | { kind: 'page'; page: Account }
);

export type Admission = {
  /** A living token. @throws {RefusalError} 190 and its kind */
  caller(request: FastifyRequest): Caller;
  /** The page named in the path, asked for with its own token and these permissions. Counts against the page's calls. */
  page(request: FastifyRequest, reply: FastifyReply, id: string, scopes: readonly string[]): Account;
};

export function createAdmission({ site, platform, sandbox }: SiteContext, people: People, tokens: Tokens): Admission {
  function caller(request: FastifyRequest): Caller {
    const grant = livingGrant(tokens, tokenOf(request));
    const scopes = grant.scope.split(',');
    const page = sandbox.accounts.byId(site, grant.account ?? '');
    if (page !== undefined) return { kind: 'page', grant, scopes, page };
    const person = people.get(grant.account ?? '');
    if (person === undefined) throw refuse(tokenFaults.malformed);
    return { kind: 'person', grant, scopes, person };
  }

  return {
    caller,
    page(request, reply, id, scopes) {
      const asking = caller(request);
      const page = asking.kind === 'page' ? asking.page : undefined;
      if (page === undefined || (page.id !== id && id !== 'me')) throw missingPermission('pages_manage_posts');
      const missing = scopes.find((scope) => !asking.scopes.includes(scope));
      if (missing !== undefined) throw missingPermission(missing);
      const [calls] = sandbox.limits.draw(platform, [{ limit: callsOfPage, subject: page.id }]);
      if (calls === undefined) return page;
      const nowMs = sandbox.clock.wallMs();
      reply.headers({ ...usageOf(useCase.type, page.id, calls, nowMs), ...appUsage(1) });
      if (!calls.exceeded) return page;
      const fault = {
        code: useCase.code,
        message: `(#${useCase.code}) There have been too many calls to this Page account.`,
      };
      throw new RefusalError(graphError(fault));
    },
  };
}

/** The version of the path in addresses that are given out. */
export function versionOf(request: FastifyRequest): string {
  return /\/(v\d+\.\d+)\//u.exec(request.originalUrl)?.[1] ?? parametersOf(request)['version'] ?? 'v25.0';
}
