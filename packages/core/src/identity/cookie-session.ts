import type { SwitchOrganization } from '@vibetribe/contracts/auth';
import type { Transaction } from '@vibetribe/db/connect-database';
import { memberships, sessions, users } from '@vibetribe/db/schema/identity';
import { hashToken } from '@vibetribe/security/opaque-token';
import { and, eq, gt, sql } from 'drizzle-orm';
import { notFound } from '../domain-error.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import { actorOfSession, findSession } from './find-principal.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { requireSession } from './list-sessions.ts';
import { familyNotRevoked } from './log-out.ts';

/** Whom a cookie speaks for; null where its session has ended or the user is no longer a member. Never from a cache. */
export async function findCookieActor(tx: Transaction, cookie: string): Promise<AuthenticatedActor | null> {
  const [found] = await tx
    .select({ familyId: sessions.familyId, organizationId: sessions.organizationId })
    .from(sessions)
    .where(
      and(
        eq(sessions.tokenHash, hashToken(cookie)),
        eq(sessions.kind, 'cookie'),
        gt(sessions.expiresAt, sql`now()`),
        familyNotRevoked(),
      ),
    );
  const session = found === undefined ? null : await findSession(tx, found.familyId);
  return found === undefined || session === null ? null : actorOfSession(session, found.organizationId);
}

/** Moves the cookie's session to another organization of the user. @throws DomainError `forbidden`, `not_found` */
export async function moveCookieSession(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: AuthenticatedActor,
  { organizationId }: SwitchOrganization,
): Promise<void> {
  const { userId, familyId } = requireSession(actor);
  await deps.db.asIdentity(async (tx) => {
    const isMember = and(eq(memberships.userId, userId), eq(memberships.organizationId, organizationId));
    const [member] = await tx.select({ userId: memberships.userId }).from(memberships).where(isMember);
    if (member === undefined) throw notFound('organization');
    // The next login goes there; the user before the sessions, as everywhere.
    await tx.update(users).set({ lastOrganizationId: organizationId }).where(eq(users.id, userId));
    const { rowCount } = await tx
      .update(sessions)
      .set({ organizationId })
      .where(and(eq(sessions.familyId, familyId), eq(sessions.kind, 'cookie')));
    if (rowCount === 0) throw notFound('session');
  });
}
