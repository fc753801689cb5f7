import type { Organization, SessionTokens, SignedIn, User } from '@vibetribe/contracts/auth';
import type { Role } from '@vibetribe/contracts/role';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { sessions, users } from '@vibetribe/db/schema/identity';
import { hashToken, newOpaqueToken } from '@vibetribe/security/opaque-token';
import { eq, sql } from 'drizzle-orm';
import type { IdentityDependencies } from './identity-dependencies.ts';

/** A refresh token lives this long, and so does a cookie; a session that is never refreshed ends with it. */
export const tokenLifeDays = 30;
/** However often it is refreshed, a session ends this long after its login. */
const familyLifeDays = 90;

export interface OpenedSession {
  readonly familyId: string;
  readonly userId: string;
  readonly organizationId: string;
  /** Of a cookie: what it holds. */
  readonly refreshToken: string;
}

/** Stores a new refresh token (its hash), of a new family or of the one given, and remembers the organization for the next login. */
export async function openSession(
  tx: Transaction,
  {
    userId,
    organizationId,
    familyId,
    kind = 'token',
  }: { userId: string; organizationId: string; familyId?: string; kind?: 'token' | 'cookie' },
): Promise<OpenedSession> {
  const refreshToken = newOpaqueToken(kind === 'token' ? 'vtr_' : 'vtc_');
  const family = familyId ?? newId('family');
  const familyStartedAt = sql`(select min(s.created_at) from sessions s where s.family_id = ${family})`;
  await tx.insert(sessions).values({
    id: newId('session'),
    familyId: family,
    kind,
    userId,
    organizationId,
    tokenHash: hashToken(refreshToken),
    expiresAt: sql`least(now() + make_interval(days => ${tokenLifeDays}), coalesce(${familyStartedAt}, now()) + make_interval(days => ${familyLifeDays}))`,
  });
  await tx.update(users).set({ lastOrganizationId: organizationId }).where(eq(users.id, userId));
  return { familyId: family, userId, organizationId, refreshToken };
}

export async function sessionTokens(
  deps: Pick<IdentityDependencies, 'accessTokens'>,
  session: OpenedSession,
  role: Role,
): Promise<SessionTokens> {
  const { userId, organizationId, familyId, refreshToken } = session;
  const accessToken = await deps.accessTokens.sign({ userId, organizationId, sessionId: familyId, role });
  return { accessToken, refreshToken, expiresIn: deps.accessTokens.lifetimeSeconds };
}

export async function signedIn(
  deps: Pick<IdentityDependencies, 'accessTokens'>,
  opened: {
    readonly session: OpenedSession;
    readonly role: Role;
    readonly user: User;
    readonly organization: Organization;
  },
): Promise<SignedIn> {
  const tokens = await sessionTokens(deps, opened.session, opened.role);
  return { user: opened.user, organization: opened.organization, ...tokens };
}
