import type { ApiKeyScope } from '@vibetribe/contracts/auth';
import { Role } from '@vibetribe/contracts/role';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';

interface Requirement {
  readonly role: Role;
  /** Null: an API key needs no scope for it. */
  readonly scope: ApiKeyScope | null;
  readonly serviceAdmin?: true;
  /** It reaches every account of the organization, so no key has it that is limited to some. */
  readonly allAccounts?: true;
}

/** Everything that can be allowed or refused: the least role, and the scope an API key needs on top of its maker's role. */
const rights = {
  'self:use': { role: 'viewer', scope: null },
  'organization:read': { role: 'viewer', scope: 'read' },
  'organization:manage': { role: 'admin', scope: 'admin', allAccounts: true },
  'posts:read': { role: 'viewer', scope: 'read' },
  'posts:write': { role: 'editor', scope: 'write' },
  'analytics:read': { role: 'viewer', scope: 'read' },
  'media:read': { role: 'viewer', scope: 'read' },
  'media:write': { role: 'editor', scope: 'write' },
  'accounts:read': { role: 'viewer', scope: 'read' },
  'accounts:manage': { role: 'admin', scope: 'admin' },
  'keys:manage': { role: 'admin', scope: 'admin' },
  'members:read': { role: 'viewer', scope: 'read' },
  'members:manage': { role: 'admin', scope: 'admin', allAccounts: true },
  'webhooks:manage': { role: 'admin', scope: 'admin', allAccounts: true },
  'audit:read': { role: 'admin', scope: 'admin', allAccounts: true },
  'notifications:read': { role: 'viewer', scope: 'read' },
  'notifications:mark': { role: 'viewer', scope: 'write' },
  'live:connect': { role: 'viewer', scope: 'read' },
  'service:manage': { role: 'viewer', scope: 'admin', serviceAdmin: true, allAccounts: true },
  'service:observe': { role: 'viewer', scope: 'ops', serviceAdmin: true },
} as const satisfies Record<string, Requirement>;

export type Right = keyof typeof rights;

/** Scopes that contain others; `ops` stands apart. */
const impliedBy: Readonly<Record<ApiKeyScope, readonly ApiKeyScope[]>> = {
  read: ['read', 'write', 'admin'],
  write: ['write', 'admin'],
  admin: ['admin'],
  ops: ['ops'],
};

/** @throws DomainError `forbidden`, saying which role or scope is missing, or that the key is limited to some accounts */
export function requireRight(actor: Actor, right: Right): void {
  const missing = missingFor(actor, right);
  if (missing !== null) throw new DomainError('forbidden', missing);
}

export function holdsRight(actor: Actor, right: Right): boolean {
  return missingFor(actor, right) === null;
}

function missingFor(actor: Actor, right: Right): string | null {
  const { role, scope, ...rest }: Requirement = rights[right];
  if (!roleReaches(actor.role, role)) return `This needs the role ${role} or a higher one.`;
  if (rest.serviceAdmin && !actor.serviceAdmin) return 'This needs a service admin.';
  if (rest.allAccounts && actor.accountIds !== null) return otherAccounts;
  if (scope !== null && !hasScope(actor, scope)) return `This needs an API key with the scope ${scope}.`;
  return null;
}

const otherAccounts = 'This concerns accounts that the API key is not for.';

/** @throws DomainError `forbidden` for a key that is limited to some accounts */
export function requireAllAccounts(actor: Actor): void {
  if (actor.accountIds !== null) throw new DomainError('forbidden', otherAccounts);
}

export function mayUseAccount({ accountIds }: Pick<Actor, 'accountIds'>, accountId: string): boolean {
  return accountIds === null || accountIds.includes(accountId);
}

export function roleReaches(role: Role, least: Role): boolean {
  return Role.options.indexOf(role) >= Role.options.indexOf(least);
}

/** A signed-in user is not limited by scopes: the role alone decides. */
export function hasScope(actor: Pick<Actor, 'scopes'>, scope: ApiKeyScope): boolean {
  return actor.scopes === null || actor.scopes.some((held) => impliedBy[scope].includes(held));
}
