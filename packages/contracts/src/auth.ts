import { z } from 'zod';
import { GivenTime } from './given-time.ts';
import { Role } from './role.ts';

export const Email = z.email().max(254).toLowerCase();
const passwordCharactersMax = 200;
export const NewPassword = z.string().min(10, { error: 'must have at least 10 characters' }).max(passwordCharactersMax);

/** A code of an authenticator app, or a recovery code. */
export const TotpText = z.string().min(6).max(40);

export const Register = z.strictObject({
  email: Email,
  password: NewPassword,
  name: z.string().trim().min(1).max(200),
  organizationName: z.string().trim().min(1).max(200),
});
export type Register = z.infer<typeof Register>;

export const Login = z.strictObject({
  email: Email,
  password: z.string().min(1).max(passwordCharactersMax),
  organizationId: z.string().max(100).optional(),
  /** Where the user has a second factor: a code of it, or a recovery code. */
  totp: TotpText.optional(),
});
export type Login = z.infer<typeof Login>;

export const Refresh = z.strictObject({ refreshToken: z.string().min(1).max(500) });
export type Refresh = z.infer<typeof Refresh>;

export const SwitchOrganization = z.strictObject({ organizationId: z.string().min(1).max(100) });
export type SwitchOrganization = z.infer<typeof SwitchOrganization>;

export const ChangePassword = z.strictObject({
  currentPassword: z.string().min(1).max(passwordCharactersMax),
  newPassword: NewPassword,
});
export type ChangePassword = z.infer<typeof ChangePassword>;

export const ForgotPassword = z.strictObject({ email: Email });
export type ForgotPassword = z.infer<typeof ForgotPassword>;

const LinkToken = z.string().min(1).max(200);

/** `token` is that of the link in the mail. */
export const ResetPassword = z.strictObject({ token: LinkToken, newPassword: NewPassword });
export type ResetPassword = z.infer<typeof ResetPassword>;

export const ChangeEmail = z.strictObject({ newEmail: Email, password: z.string().min(1).max(passwordCharactersMax) });
export type ChangeEmail = z.infer<typeof ChangeEmail>;

export const ConfirmEmail = z.strictObject({ token: LinkToken });
export type ConfirmEmail = z.infer<typeof ConfirmEmail>;

/** A code of an authenticator app; a recovery code will do where a second factor is removed. */
export const TotpCode = z.strictObject({ code: TotpText });
export type TotpCode = z.infer<typeof TotpCode>;

/** `secret` is base32, `otpauthUrl` the same for a QR code. */
export const TotpEnrolment = z.object({ secret: z.string(), otpauthUrl: z.string() });
export type TotpEnrolment = z.infer<typeof TotpEnrolment>;

/** Each works once, and is shown here alone. */
export const TotpRecovery = z.object({ recoveryCodes: z.array(z.string()) });
export type TotpRecovery = z.infer<typeof TotpRecovery>;

/** A login and everything that was refreshed from it. */
export const Session = z.object({
  id: z.string(),
  /** The one it was last used for. */
  organizationId: z.string(),
  createdAt: z.iso.datetime({ offset: true }),
  lastUsedAt: z.iso.datetime({ offset: true }),
  expiresAt: z.iso.datetime({ offset: true }),
  /** The one that asks. */
  current: z.boolean(),
});
export type Session = z.infer<typeof Session>;

export const User = z.object({ id: z.string(), email: z.string(), name: z.string() });
export type User = z.infer<typeof User>;

export const Organization = z.object({ id: z.string(), name: z.string() });
export type Organization = z.infer<typeof Organization>;

export const OrganizationMembership = Organization.extend({ role: Role });
export type OrganizationMembership = z.infer<typeof OrganizationMembership>;

/** Opens one WebSocket, once; `expiresIn` in seconds. */
export const LiveTicket = z.object({ ticket: z.string(), expiresIn: z.int() });
export type LiveTicket = z.infer<typeof LiveTicket>;

/** `expiresIn` is the access token's life in seconds. */
export const SessionTokens = z.object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.int() });
export type SessionTokens = z.infer<typeof SessionTokens>;

export const SignedIn = SessionTokens.extend({ user: User, organization: Organization });
export type SignedIn = z.infer<typeof SignedIn>;

export const Me = z.object({
  user: User.nullable(),
  organization: Organization,
  role: Role,
  scopes: z.array(z.string()),
  serviceAdmin: z.boolean(),
});
export type Me = z.infer<typeof Me>;

/** Scopes of an API key: what it may do within the role of who made it. */
export const ApiKeyScope = z.enum(['read', 'write', 'admin', 'ops']);
export type ApiKeyScope = z.infer<typeof ApiKeyScope>;

export const CreateApiKey = z.strictObject({
  name: z.string().trim().min(1).max(200),
  scopes: z.array(ApiKeyScope).min(1),
  accountIds: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
  expiresAt: GivenTime.optional(),
});
export type CreateApiKey = z.infer<typeof CreateApiKey>;

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  last4: z.string(),
  scopes: z.array(ApiKeyScope),
  accountIds: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime({ offset: true }),
  expiresAt: z.iso.datetime({ offset: true }).nullable(),
  lastUsedAt: z.iso.datetime({ offset: true }).nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** The one answer that shows the key itself. */
export const CreatedApiKey = ApiKey.extend({ key: z.string() });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;
/** As it is answered: what is repeated for its Idempotency-Key comes without what is shown once. */
export const CreatedApiKeyAnswer = CreatedApiKey.partial({ key: true });
