import { z } from 'zod';
import { Email, NewPassword, TotpText } from './auth.ts';
import { Role } from './role.ts';

const At = z.iso.datetime({ offset: true });
const Name = z.string().trim().min(1).max(200);

export const Member = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  role: Role,
  joinedAt: At,
});
export type Member = z.infer<typeof Member>;

/** Somebody who has no user here yet; whoever has one is invited. */
export const AddMember = z.strictObject({ email: Email, name: Name, password: NewPassword, role: Role });
export type AddMember = z.infer<typeof AddMember>;

export const ChangeRole = z.strictObject({ role: Role });
export type ChangeRole = z.infer<typeof ChangeRole>;

export const Invite = z.strictObject({ email: Email, role: Role });
export type Invite = z.infer<typeof Invite>;

export const Invitation = z.object({
  id: z.string(),
  email: z.string(),
  role: Role,
  /** `user:<id>` or `key:<id>`. */
  invitedBy: z.string(),
  createdAt: At,
  expiresAt: At,
});
export type Invitation = z.infer<typeof Invitation>;

/** The one answer that shows the token. */
export const CreatedInvitation = Invitation.extend({ token: z.string(), acceptUrl: z.url() });
export type CreatedInvitation = z.infer<typeof CreatedInvitation>;
/** As it is answered: what is repeated for its Idempotency-Key comes without what is shown once. */
export const CreatedInvitationAnswer = CreatedInvitation.partial({ token: true, acceptUrl: true });

/**
 * A newcomer gives a name and a password; whoever has a user already gives its password, or is signed in (`Authorization`).
 */
export const AcceptInvitation = z.strictObject({
  token: z.string().min(1).max(200),
  name: Name.optional(),
  password: z.string().min(1).max(200).optional(),
  /** Where the user has a second factor. */
  totp: TotpText.optional(),
});
export type AcceptInvitation = z.infer<typeof AcceptInvitation>;
