import type { Invitation } from '@vibetribe/contracts/member';
import { invitations } from '@vibetribe/db/schema/identity';

export const invitationColumns = {
  id: invitations.id,
  email: invitations.email,
  role: invitations.role,
  invitedBy: invitations.invitedBy,
  createdAt: invitations.createdAt,
  expiresAt: invitations.expiresAt,
};

type InvitationRow = Pick<typeof invitations.$inferSelect, keyof typeof invitationColumns>;

export function presentInvitation(row: InvitationRow): Invitation {
  return { ...row, createdAt: row.createdAt.toISOString(), expiresAt: row.expiresAt.toISOString() };
}
