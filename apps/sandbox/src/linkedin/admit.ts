import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../oauth/bearer-token.ts';
import type { SiteContext } from '../site.ts';
import type { Account } from '../state/accounts.ts';
import type { Grant } from '../state/grants.ts';
import { accessDenied, invalidInput, refuse, tokenFaults } from './answers.ts';
import { livingVersions } from './limits.ts';
import type { Members } from './members.ts';
import type { Tokens } from './tokens.ts';

export type LinkedInCaller = {
  grant: Grant;
  person: Account;
  scopes: readonly string[];
  /** Who may be named as author. @throws {RefusalError} 400, 403 */
  as(urn: unknown, field: string, scopes: { person: readonly string[]; organization: readonly string[] }): Account;
};

export type Admission = {
  /** A living token. @throws {RefusalError} 401 */
  member(request: FastifyRequest): LinkedInCaller;
  /** The same, for the versioned API. @throws {RefusalError} 400, 401, 426 */
  versioned(request: FastifyRequest): LinkedInCaller;
};

export function createAdmission({ site, sandbox }: SiteContext, members: Members, tokens: Tokens): Admission {
  function member(request: FastifyRequest): LinkedInCaller {
    const value = bearerToken(request.headers.authorization);
    if (value === undefined) throw refuse(tokenFaults.empty);
    const found = tokens.look(value);
    if (found.state === 'unknown' || found.token.use !== 'access') throw refuse(tokenFaults.unknown);
    if (found.state !== 'valid') throw refuse(tokenFaults[found.state]);
    const own = sandbox.accounts.byId(site, found.grant.account ?? '');
    if (own === undefined) throw refuse(tokenFaults.unknown);
    const person = members.isOrganization(own.id) ? members.adminOf(own) : own;
    const scopes = found.grant.scope.split(' ');
    return {
      grant: found.grant,
      person,
      scopes,
      as(urn, field, needed) {
        if (typeof urn !== 'string' || !/^urn:li:(?:person|organization):[\w-]+$/u.test(urn))
          throw invalidInput('INVALID_URN_TYPE', 'must be the URN of a person or an organization', field);
        const account = sandbox.accounts.byId(site, urn);
        const isOrganization = members.isOrganization(urn);
        const isOwn = isOrganization
          ? members.organizationsOf(person.id).some(({ id }) => id === urn)
          : urn === person.id;
        const isAllowed = needed[isOrganization ? 'organization' : 'person'].some((scope) => scopes.includes(scope));
        if (account === undefined || !isOwn || !isAllowed) throw accessDenied(`${field} ${urn}`);
        return account;
      },
    };
  }

  return {
    member,
    versioned(request) {
      const caller = member(request);
      const version = request.headers['linkedin-version'];
      if (typeof version !== 'string')
        throw refuse({ status: 400, code: 'VERSION_MISSING', message: 'A version must be present' });
      if (!livingVersions.has(version)) {
        const message = `Requested version ${version.slice(0, 20)} is not active`;
        throw refuse({ status: 426, code: 'NONEXISTENT_VERSION', message });
      }
      if (request.headers['x-restli-protocol-version'] !== '2.0.0')
        throw invalidInput('INVALID_HEADER', 'X-Restli-Protocol-Version must be 2.0.0');
      return caller;
    },
  };
}
