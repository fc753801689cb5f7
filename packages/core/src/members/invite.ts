import type { CreatedInvitation, Invite } from '@vibetribe/contracts/member';
import type { Transaction } from '@vibetribe/db/connect-database';
import { newId } from '@vibetribe/db/new-id';
import { column, queryRows } from '@vibetribe/db/query-rows';
import { invitations, organizations } from '@vibetribe/db/schema/identity';
import { hashToken, newOpaqueToken } from '@vibetribe/security/opaque-token';
import { and, eq, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { DomainError } from '../domain-error.ts';
import { requireRight } from '../identity/authorize.ts';
import type { IdentityDependencies } from '../identity/identity-dependencies.ts';
import { invitationMail } from '../mail/invitation-mail.ts';
import { type MailWriter, queueMail } from '../mail/queue-mail.ts';
import { requireReach } from './owners.ts';
import { invitationColumns, presentInvitation } from './present-invitation.ts';

const pendingMax = 500;

export interface InviteSettings {
  /** Where whoever has the token is to go. */
  readonly acceptUrl: (token: string) => string;
}

/**
 * Invites an address for 7 days, by mail where mail can be sent; an earlier invitation of it ends. The answer and that mail are the only
 * places where the token is seen.
 * @param beforeCommit runs before the commit, so that what it writes stands or falls with the invitation
 * @throws DomainError `forbidden`, `conflict` for a member, `quota_exceeded`
 */
export async function invite(
  deps: Pick<IdentityDependencies, 'db'> & InviteSettings & MailWriter,
  actor: Actor,
  { email, role }: Invite,
  beforeCommit?: (tx: Transaction, created: CreatedInvitation) => Promise<void>,
): Promise<CreatedInvitation> {
  requireRight(actor, 'members:manage');
  requireReach(actor.role, role);
  const { organizationId, principal } = actor;
  const token = newOpaqueToken('vti_');
  return deps.db.asTenant(organizationId, async (tx) => {
    await requireNoMember(tx, organizationId, email);
    await tx
      .delete(invitations)
      .where(and(eq(invitations.organizationId, organizationId), eq(invitations.email, email)));
    await requireRoom(tx, organizationId);
    const [row] = await tx
      .insert(invitations)
      .values({
        id: newId('invitation'),
        organizationId,
        email,
        role,
        tokenHash: hashToken(token),
        invitedBy: principal,
        expiresAt: sql`now() + interval '7 days'`,
      })
      .onConflictDoNothing()
      .returning(invitationColumns);
    if (row === undefined) throw new DomainError('conflict', 'The address is being invited by somebody else just now.');
    const created = { ...presentInvitation(row), token, acceptUrl: deps.acceptUrl(token) };
    const [organization] = await tx
      .select({ name: organizations.name })
      .from(organizations)
      .where(eq(organizations.id, organizationId));
    const content = invitationMail({ organizationName: organization?.name ?? '', acceptUrl: created.acceptUrl });
    await queueMail(deps, tx, { kind: 'invitation', recipient: email, organizationId, content, lifeHours: 7 * 24 });
    await beforeCommit?.(tx, created);
    return created;
  });
}

async function requireNoMember(tx: Transaction, organizationId: string, email: string): Promise<void> {
  const rows = await queryRows(tx, { id: column.text })`
    select u.id from users u join memberships m on m.user_id = u.id
    where m.organization_id = ${organizationId} and lower(u.email) = ${email}`;
  if (rows.length > 0) throw new DomainError('conflict', 'This address belongs to a member already.');
}

async function requireRoom(tx: Transaction, organizationId: string): Promise<void> {
  const rows = await queryRows(tx, { pending: column.number })`
    select count(*)::int as pending from invitations where organization_id = ${organizationId} and expires_at > now()`;
  if ((rows[0]?.pending ?? 0) >= pendingMax)
    throw new DomainError('quota_exceeded', `${pendingMax} invitations are open: end some of them first.`);
}
