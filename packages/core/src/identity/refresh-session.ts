import type { Refresh, SessionTokens } from '@vibetribe/contracts/auth';
import { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sessions } from '@vibetribe/db/schema/identity';
import { hashToken } from '@vibetribe/security/opaque-token';
import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import { DomainError } from '../domain-error.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { familyNotRevoked, revokeFamily } from './log-out.ts';
import { lockUser } from './lock-user.ts';
import { openSession, sessionTokens } from './open-session.ts';

/** Two tabs of one browser refresh at once; whoever stole a token hardly comes as soon. */
const sameMomentSeconds = 10;

/**
 * Trades a refresh token for a new pair. A token works once: using it again ends the whole family, since one of the two who
 * have it should not. The token used last, coming again in the same moment, is only refused.
 * @throws DomainError `unauthenticated` (unknown, expired, or no longer a member), `session_revoked` (used before, or signed out),
 *   `refresh_token_used` (a moment ago, and the session goes on with the pair that it was traded for)
 */
export async function refreshSession(
  deps: Pick<IdentityDependencies, 'db' | 'accessTokens' | 'revocations' | 'logger'>,
  input: Refresh,
): Promise<SessionTokens> {
  const tokenHash = hashToken(input.refreshToken);
  // A refusal is a result, not an error, in here: an error would roll the revocation back.
  const outcome = await deps.db.asIdentity(async (tx) => (await rotate(tx, tokenHash)) ?? refuse(tx, tokenHash));
  if ('session' in outcome) return sessionTokens(deps, outcome.session, outcome.role);
  if (outcome.revokedFamilyId !== null) {
    deps.revocations.announce({ kind: 'session', familyId: outcome.revokedFamilyId });
    deps.logger.warn(
      { familyId: outcome.revokedFamilyId },
      'a refresh token was used twice: its session has been ended',
    );
  }
  throw outcome.error;
}

async function rotate(tx: Transaction, tokenHash: string) {
  await lockUser(tx, { tokenHash });
  const [used] = await tx
    .update(sessions)
    .set({ usedAt: sql`now()` })
    .where(
      and(
        eq(sessions.tokenHash, tokenHash),
        eq(sessions.kind, 'token'),
        isNull(sessions.usedAt),
        gt(sessions.expiresAt, sql`now()`),
        familyNotRevoked(),
        // Not used up by who is no member any more: its return would end the session in other organizations too.
        sql`${roleOfUser} is not null`,
      ),
    )
    .returning({
      familyId: sessions.familyId,
      userId: sessions.userId,
      organizationId: sessions.organizationId,
      role: roleOfUser,
    });
  if (used === undefined) return null;
  return { session: await openSession(tx, used), role: Role.parse(used.role) };
}

/** Of the session's user in its organization. */
const roleOfUser = sql`(select m.role from memberships m where m.organization_id = sessions.organization_id and m.user_id = sessions.user_id)`;

async function refuse(
  tx: Transaction,
  tokenHash: string,
): Promise<{ error: DomainError; revokedFamilyId: string | null }> {
  const [known] = await tx
    .select({
      familyId: sessions.familyId,
      usedAt: sessions.usedAt,
      isRevoked: sql<boolean>`not ${familyNotRevoked()}`,
      isSameMoment: usedInThisMoment(),
      isMember: sql<boolean>`${roleOfUser} is not null`,
    })
    .from(sessions)
    .where(eq(sessions.tokenHash, tokenHash));
  if (known === undefined || (known.usedAt === null && !known.isRevoked)) {
    const told =
      known?.isMember === false
        ? 'The user is no longer a member of this organization.'
        : 'The refresh token is unknown or expired.';
    return { error: new DomainError('unauthenticated', told), revokedFamilyId: null };
  }
  const error = new DomainError('session_revoked', 'The session has ended. Sign in again.');
  if (known.isRevoked) return { error, revokedFamilyId: null };
  if (known.isSameMoment) {
    const used = 'The refresh token was used a moment ago; go on with the one that it was traded for.';
    return { error: new DomainError('refresh_token_used', used), revokedFamilyId: null };
  }
  await revokeFamily(tx, known.familyId);
  return { error, revokedFamilyId: known.familyId };
}

/** Its successor was made by the same transaction, and nobody has used that one yet. */
function usedInThisMoment() {
  return sql<boolean>`coalesce(sessions.used_at > now() - make_interval(secs => ${sameMomentSeconds}) and not exists (
    select 1 from sessions n where n.family_id = sessions.family_id and n.created_at = sessions.used_at and n.used_at is not null), false)`;
}
