import type { Session } from '@vibetribe/contracts/auth';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { DomainError, notFound } from '../domain-error.ts';
import type { AuthenticatedActor } from './authenticated-actor.ts';
import type { IdentityDependencies } from './identity-dependencies.ts';
import { revokeFamily } from './log-out.ts';

/**
 * The user's sessions that are alive, in whichever organization, the last used first.
 * @throws DomainError `forbidden` for an API key
 */
export async function listSessions(
  deps: Pick<IdentityDependencies, 'db'>,
  actor: AuthenticatedActor,
): Promise<Session[]> {
  const { userId, familyId } = requireSession(actor);
  const rows = await deps.db.asIdentity(
    (tx) => queryRows(tx, sessionColumns)`
      select s.family_id as id, (array_agg(s.organization_id order by s.created_at desc))[1] as "organizationId",
        floor(extract(epoch from min(s.created_at)) * 1000)::float8 as "createdAtMs",
        floor(extract(epoch from max(s.created_at)) * 1000)::float8 as "lastUsedAtMs",
        floor(extract(epoch from max(s.expires_at)) * 1000)::float8 as "expiresAtMs"
      from sessions s where s.user_id = ${userId}
      group by s.family_id having max(s.expires_at) > now() and count(s.revoked_at) = 0
      order by max(s.created_at) desc, s.family_id limit ${shownMax}`,
  );
  return rows.map(({ id, organizationId, createdAtMs, lastUsedAtMs, expiresAtMs }) => ({
    id,
    organizationId,
    createdAt: new Date(createdAtMs).toISOString(),
    lastUsedAt: new Date(lastUsedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
    current: id === familyId,
  }));
}

/** Ends one of the user's own sessions: its tokens and sockets. @throws DomainError `forbidden` for an API key, `not_found` */
export async function endSession(
  deps: Pick<IdentityDependencies, 'db' | 'revocations'>,
  actor: AuthenticatedActor,
  { sessionId }: { readonly sessionId: string },
): Promise<void> {
  const { userId } = requireSession(actor);
  await deps.db.asIdentity(async (tx) => {
    const [own] = await queryRows(tx, { id: column.text })`
      select s.family_id as id from sessions s where s.family_id = ${sessionId} and s.user_id = ${userId}
      group by s.family_id having max(s.expires_at) > now() and count(s.revoked_at) = 0`;
    if (own === undefined) throw notFound('session');
    await revokeFamily(tx, sessionId);
  });
  deps.revocations.announce({ kind: 'session', familyId: sessionId });
}

/** @throws DomainError `forbidden` */
export function requireSession({ credential, userId }: AuthenticatedActor): { userId: string; familyId: string } {
  if (credential.kind === 'session' && userId !== null) return { userId, familyId: credential.familyId };
  throw new DomainError('forbidden', 'This is for a person who is signed in, not for a key.');
}

const shownMax = 200;

const sessionColumns = {
  id: column.text,
  organizationId: column.text,
  createdAtMs: column.number,
  lastUsedAtMs: column.number,
  expiresAtMs: column.number,
};
