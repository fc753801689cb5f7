import { z } from 'zod';
import { PlatformId } from './platform-id.ts';

export const AccountStatus = z.enum(['active', 'needs_reauth', 'disconnected']);
export type AccountStatus = z.infer<typeof AccountStatus>;

/** Which accounts a list shows. `expiringWithin`: those whose token ends within that time and has not ended yet, as the statistics count them. */
export const AccountsQuery = z.object({
  expiringWithin: z
    .string()
    .regex(/^[1-9]\d{0,3}[hd]$/, { error: 'must be a number of hours or days such as 24h or 7d' })
    .optional(),
  status: AccountStatus.optional(),
  platform: PlatformId.optional(),
});
export type AccountsQuery = z.infer<typeof AccountsQuery>;

export const LimitState = z.object({
  name: z.string(),
  limit: z.int(),
  remaining: z.int(),
  resetAt: z.iso.datetime({ offset: true }).nullable(),
});
export type LimitState = z.infer<typeof LimitState>;

export const Account = z.object({
  id: z.string(),
  platform: PlatformId,
  externalId: z.string(),
  handle: z.string(),
  displayName: z.string(),
  status: AccountStatus,
  tokenExpiresAt: z.iso.datetime({ offset: true }).nullable(),
  tokenExpiresIn: z.string().nullable(),
  scopes: z.array(z.string()),
  limits: z.array(LimitState),
});
export type Account = z.infer<typeof Account>;

export const NotRefreshedReason = z.enum([
  'not_supported',
  'no_refresh_token',
  'too_early',
  'just_refreshed',
  'being_refreshed',
  'platform_unavailable',
]);
export type NotRefreshedReason = z.infer<typeof NotRefreshedReason>;

/** `notRefreshed`: why the token is the one it was; null where it is a new one. */
export const RefreshedAccount = Account.extend({
  refreshed: z.boolean(),
  notRefreshed: z.object({ reason: NotRefreshedReason, detail: z.string() }).nullable(),
});
export type RefreshedAccount = z.infer<typeof RefreshedAccount>;

/** The secret fields differ per platform; the platform's adapter checks them. */
export const ConnectManually = z.strictObject({ platform: PlatformId, credentials: z.record(z.string(), z.string()) });
export type ConnectManually = z.infer<typeof ConnectManually>;

const Address = z.url().max(2_000);

export const StartConnect = z.strictObject({
  platform: PlatformId,
  instance: Address.optional(),
  service: Address.optional(),
  handle: z.string().max(253).optional(),
  redirectTo: Address.optional(),
});
export type StartConnect = z.infer<typeof StartConnect>;

export const ConnectStarted = z.object({ authorizationUrl: z.url(), state: z.string() });
export type ConnectStarted = z.infer<typeof ConnectStarted>;

/** The one-time code that a browser brought back from a consent page. */
export const CompleteConnect = z.strictObject({ connectCode: z.string().min(1).max(200) });
export type CompleteConnect = z.infer<typeof CompleteConnect>;

/** An account, or where to choose from several: a grant may hold many pages. */
export const Connected = z.union([z.object({ account: Account }), z.object({ selectionId: z.string() })]);
export type Connected = z.infer<typeof Connected>;

/** What one grant opens, to choose from. `accountId` where it is connected to the organization already. */
export const AccountSelection = z.object({
  id: z.string(),
  platform: PlatformId,
  expiresAt: z.iso.datetime({ offset: true }),
  items: z.array(
    z.object({
      externalId: z.string(),
      handle: z.string(),
      displayName: z.string(),
      accountId: z.string().nullable(),
    }),
  ),
});
export type AccountSelection = z.infer<typeof AccountSelection>;

export const SelectAccounts = z.strictObject({ externalIds: z.array(z.string().min(1).max(500)).min(1).max(1_000) });
export type SelectAccounts = z.infer<typeof SelectAccounts>;

export const SelectedAccounts = z.object({ items: z.array(Account) });
export type SelectedAccounts = z.infer<typeof SelectedAccounts>;

const CountByWindow = z.object({ '1h': z.int(), '24h': z.int(), '7d': z.int() });

export const TokenStats = z.object({
  total: z.int(),
  expired: z.int(),
  expiringWithin: CountByWindow,
  needsReauth: z.int(),
  byPlatform: z.record(
    z.string(),
    z.object({ total: z.int(), expired: z.int(), expiringWithin: CountByWindow, needsReauth: z.int() }),
  ),
});
export type TokenStats = z.infer<typeof TokenStats>;
