import { column, type RowOf } from '@vibetribe/db/query-rows';
import type { KeyRing } from '@vibetribe/security/key-ring';
import { clientContext } from '../accounts/connect/client-for-server.ts';
import { openCredentials, sealCredentials } from '../accounts/grants/seal-credentials.ts';
import { openTotpSecret, sealTotpSecret } from '../identity/totp-secret.ts';
import { mailContext } from '../mail/mail-content.ts';
import { openMessageAddress, sealMessageAddress } from '../notifications/message-address.ts';
import { openWebhookSecret, sealWebhookSecret } from '../webhooks/webhook-secret.ts';

export const sealedRowColumns = { id: column.text, organizationId: column.text, sealed: column.text };
export type SealedRow = RowOf<typeof sealedRowColumns>;

/** A column of long-lived secrets, and how one is sealed anew. What lives for minutes (consents, OAuth states) needs no rotation. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** What its rows are found by; `id` where nothing is said. */
  readonly idColumn?: string;
  /** No organization's. */
  readonly isOfService?: true;
  /** @throws SecretUnreadableError */
  readonly reseal: (keyRing: KeyRing, row: SealedRow) => string;
}

const resealWebhook = (keyRing: KeyRing, row: SealedRow) =>
  sealWebhookSecret(keyRing, row, openWebhookSecret(keyRing, row, row.sealed));

export const sealedColumns: readonly SealedColumn[] = [
  {
    table: 'grants',
    column: 'credentials',
    reseal: (keyRing, row) => sealCredentials(keyRing, row, openCredentials(keyRing, row, row.sealed)),
  },
  { table: 'webhooks', column: 'secret_sealed', reseal: resealWebhook },
  { table: 'webhooks', column: 'previous_secret_sealed', reseal: resealWebhook },
  {
    table: 'totp_factors',
    column: 'secret_sealed',
    idColumn: 'user_id',
    isOfService: true,
    reseal: (keyRing, { id, sealed }) => sealTotpSecret(keyRing, id, openTotpSecret(keyRing, id, sealed)),
  },
  {
    table: 'notification_preferences',
    column: 'webhook_sealed',
    idColumn: 'user_id',
    reseal(keyRing, { id: userId, organizationId, sealed }) {
      const place = { organizationId, userId };
      return sealMessageAddress(keyRing, place, openMessageAddress(keyRing, place, sealed));
    },
  },
  {
    table: 'mails',
    column: 'sealed',
    isOfService: true,
    reseal: (keyRing, { id, sealed }) => keyRing.seal(keyRing.open(sealed, mailContext(id)), mailContext(id)),
  },
  {
    table: 'server_clients',
    column: 'client_sealed',
    isOfService: true,
    reseal: (keyRing, { id, sealed }) => keyRing.seal(keyRing.open(sealed, clientContext(id)), clientContext(id)),
  },
];

/** Every long-lived secret, as `sealed`: a part of a statement. */
export const allSealed = sealedColumns
  .map(({ table, column: name }) => `select ${name} as sealed from ${table}`)
  .join(' union all ');
