import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import type { Transaction } from '@vibetribe/db/connect-database';
import { type SQL, sql } from 'drizzle-orm';
import { DomainError } from '../../domain-error.ts';

/** What a platform has granted and nobody of ours has accepted yet. */
const consentColumns = {
  id: column.text,
  organizationId: column.text,
  /** Who began: `Actor.principal`. */
  principal: column.text,
  platform: PlatformId,
  grantSealed: column.text,
  expiresAtMs: column.number,
};
export type ConsentRow = RowOf<typeof consentColumns>;

export type ConsentStage = 'code' | 'page' | 'selection';

/** How long the next step may take. */
export const consentMinutes = { code: 10, page: 10, selection: 30 } as const satisfies Record<ConsentStage, number>;

/** One that has not expired; null where there is none. `where` is about `consents`. */
export async function readConsent(tx: Transaction, stage: ConsentStage, where: SQL): Promise<ConsentRow | null> {
  const rows = await queryRows(tx, consentColumns)`
    select id, organization_id as "organizationId", principal, platform, grant_sealed as "grantSealed",
      floor(extract(epoch from expires_at) * 1000)::float8 as "expiresAtMs"
    from consents where stage = ${stage} and expires_at > clock_timestamp() and ${where}`;
  return rows[0] ?? null;
}

/** Takes it in the transaction that accepts it: of two that try, the second finds nothing. */
export async function takeConsent(tx: Transaction, { id }: Pick<ConsentRow, 'id'>, stage: ConsentStage): Promise<void> {
  const { rowCount } = await tx.execute(
    sql`delete from consents where id = ${id} and stage = ${stage} and expires_at > clock_timestamp()`,
  );
  if (rowCount !== 1) throw consentGone();
}

/** The same answer for a code that is unknown, used, expired or somebody else's. */
export function consentGone(): DomainError {
  return new DomainError(
    'oauth_state_invalid',
    'The code is unknown, was used already, is older than 10 minutes or is not yours: start again.',
  );
}
