import { ApiKeyScope } from '@vibetribe/contracts/auth';
import { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { apiKeys, memberships, sessions, users } from '@vibetribe/db/schema/identity';
import { and, eq, gt, isNull, lt, or, sql, type SQL } from 'drizzle-orm';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import { familyNotRevoked } from './log-out.ts';

/** A session that is alive: its user and the role in each of the user's organizations. */
export interface SessionPrincipal {
  readonly familyId: string;
  readonly userId: string;
  readonly serviceAdmin: boolean;
  readonly roles: ReadonlyMap<string, Role>;
}

/** Null for a session that was signed out, revoked, has expired or never was. For identity transactions. */
export async function findSession(tx: Transaction, familyId: string): Promise<SessionPrincipal | null> {
  const rows = await tx
    .selectDistinct({
      userId: users.id,
      serviceAdmin: users.serviceAdmin,
      organizationId: memberships.organizationId,
      role: memberships.role,
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .innerJoin(memberships, eq(memberships.userId, users.id))
    .where(and(eq(sessions.familyId, familyId), gt(sessions.expiresAt, sql`now()`), familyNotRevoked()));
  const [first] = rows;
  if (first === undefined) return null;
  const roles = new Map(rows.map((row) => [row.organizationId, row.role]));
  return { familyId, userId: first.userId, serviceAdmin: first.serviceAdmin, roles };
}

export function actorOfSession(session: SessionPrincipal, organizationId: string): AuthenticatedActor | null {
  const role = session.roles.get(organizationId);
  if (role === undefined) return null;
  return {
    organizationId,
    userId: session.userId,
    role,
    scopes: null,
    accountIds: null,
    serviceAdmin: session.serviceAdmin,
    principal: `user:${session.userId}`,
    credential: { kind: 'session', familyId: session.familyId },
  };
}

const lastUsedResolutionSeconds = 60;

export interface KeyActor extends AuthenticatedActor {
  /** How long the key still has, by the database's clock. */
  readonly endsInMs: number;
}

/**
 * The actor behind a key, found by hash or id. Null for a key that is unknown, revoked, expired, or whose maker is no longer a
 * member. A key never has a higher role than its maker has now. For identity transactions.
 */
export async function findKeyActor(tx: Transaction, by: { hash: string } | { id: string }): Promise<KeyActor | null> {
  const [key] = await tx
    .select({
      id: apiKeys.id,
      organizationId: apiKeys.organizationId,
      userId: apiKeys.userId,
      role: apiKeys.role,
      makerRole: memberships.role,
      scopes: apiKeys.scopes,
      accountIds: apiKeys.accountIds,
      serviceAdmin: users.serviceAdmin,
      endsInMs: sql<number | null>`(extract(epoch from ${apiKeys.expiresAt} - clock_timestamp()) * 1000)::float8`,
    })
    .from(apiKeys)
    .leftJoin(users, eq(users.id, apiKeys.userId))
    .leftJoin(
      memberships,
      and(eq(memberships.userId, apiKeys.userId), eq(memberships.organizationId, apiKeys.organizationId)),
    )
    .where(and('hash' in by ? eq(apiKeys.keyHash, by.hash) : eq(apiKeys.id, by.id), isLive()));
  if (key === undefined || (key.userId !== null && key.makerRole === null)) return null;
  await noteUse(tx, key.id);
  return {
    organizationId: key.organizationId,
    userId: key.userId,
    role: lowerOf(key.role, key.makerRole ?? key.role),
    scopes: ApiKeyScope.array().parse(key.scopes),
    accountIds: key.accountIds,
    serviceAdmin: key.serviceAdmin ?? false,
    principal: `key:${key.id}`,
    credential: { kind: 'key', keyId: key.id },
    endsInMs: key.endsInMs ?? Number.POSITIVE_INFINITY,
  };
}

/** For whoever remembers a key: not beyond its end. */
export function lifeMsOfKey(actor: KeyActor | null): number {
  return actor?.endsInMs ?? Number.POSITIVE_INFINITY;
}

function isLive(): SQL | undefined {
  return and(isNull(apiKeys.revokedAt), or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)));
}

async function noteUse(tx: Transaction, keyId: string): Promise<void> {
  const stale = sql`now() - make_interval(secs => ${lastUsedResolutionSeconds})`;
  await tx
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(apiKeys.id, keyId), or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, stale))));
}

function lowerOf(one: Role, other: Role): Role {
  return Role.options.indexOf(one) <= Role.options.indexOf(other) ? one : other;
}
