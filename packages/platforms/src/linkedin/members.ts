import { z } from 'zod';
import { foreignId } from '../answers/answer-fields.ts';
import { PlatformError } from '../port/platform-error.ts';
import type { AccountCall, AccountProfile } from '../port/account.ts';
import { accessTo, type TokenAccess } from '../connect/token-access.ts';
import { callLinkedIn } from './api.ts';

const personPrefix = 'urn:li:person:';
const organizationPrefix = 'urn:li:organization:';
/** The URN of an account that posts. */
export const authorUrn = /^urn:li:(?:person|organization):[\w-]{1,100}$/u;

export function isOrganization(urn: string): boolean {
  return urn.startsWith(organizationPrefix);
}

export type Member = Pick<AccountProfile, 'externalId' | 'handle' | 'displayName'>;

const name = z.string().optional().catch(undefined);
const UserInfo = z.object({ sub: foreignId(), name });
const BasicProfile = z.object({ id: foreignId(), localizedFirstName: name, localizedLastName: name });

/** Who the token belongs to. Applications for organizations have another way to ask than those for people. */
export async function readPerson(call: TokenAccess): Promise<Member> {
  const ask = { ...accessTo(call), method: 'GET', effect: 'read' } as const;
  try {
    const { sub, name: shown } = await callLinkedIn({ ...ask, path: '/v2/userinfo', answer: UserInfo });
    return memberOf(`${personPrefix}${sub}`, shown);
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'permission')) throw error;
  }
  const profile = await callLinkedIn({ ...ask, path: '/v2/me', answer: BasicProfile });
  const shown = [profile.localizedFirstName, profile.localizedLastName].filter((part) => part !== undefined).join(' ');
  return memberOf(`${personPrefix}${profile.id}`, shown.trim());
}

function memberOf(externalId: string, shown: string | undefined): Member {
  const displayName = shown === undefined || shown === '' ? externalId : shown;
  return { externalId, handle: displayName, displayName };
}

const Roles = z.object({ elements: z.array(z.object({ organization: z.string().regex(authorUrn) })).default([]) });
const pageSize = 100;
const pagesMax = 5;

/** The organizations that the person of this token may post for. Each is asked for its name. */
export async function readOrganizations(call: TokenAccess): Promise<Member[]> {
  const urns: string[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const { elements } = await callLinkedIn({
      ...accessTo(call),
      method: 'GET',
      path: '/rest/organizationAcls',
      query: {
        q: 'roleAssignee',
        role: 'ADMINISTRATOR',
        state: 'APPROVED',
        count: String(pageSize),
        start: String(page * pageSize),
      },
      restLiMethod: 'FINDER',
      effect: 'read',
      answer: Roles,
    });
    urns.push(...elements.map(({ organization }) => organization));
    if (elements.length < pageSize) break;
  }
  const organizations: Member[] = [];
  for (const urn of new Set(urns)) organizations.push(await readOrganization(call, urn));
  return organizations;
}

const Organization = z.object({ localizedName: name, vanityName: name });

export async function readOrganization(call: TokenAccess, urn: string): Promise<Member> {
  const path = `/rest/organizations/${encodeURIComponent(urn.slice(organizationPrefix.length))}`;
  const ask = { ...accessTo(call), method: 'GET', path, effect: 'read', answer: Organization } as const;
  const { localizedName, vanityName } = await callLinkedIn(ask);
  const displayName = localizedName ?? vanityName ?? urn;
  return { externalId: urn, handle: vanityName ?? displayName, displayName };
}

export async function readLinkedInAccount(call: AccountCall): Promise<AccountProfile> {
  const { externalId } = call.account;
  const member = isOrganization(externalId) ? await readOrganization(call, externalId) : await readPerson(call);
  return { ...member, service: null };
}
