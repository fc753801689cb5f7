import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import { hashToken } from '@vibetribe/security/opaque-token';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { DomainError } from '../../domain-error.ts';
import { findRightHolder, type RightHolder } from '../../identity/find-right-holder.ts';

const stateColumns = {
  stateHash: column.text,
  organizationId: column.text,
  redirectTo: column.textOrNull,
  sealedVerifier: column.text,
  /** '' where the adapter keeps nothing. */
  sealedPending: column.text,
  platform: column.text,
  principal: column.textOrNull,
  isAlive: column.boolean,
};
export type TakenState = RowOf<typeof stateColumns> & { readonly beginner: RightHolder };

/**
 * Takes the state in one statement: whoever comes second finds nothing. It is spent even where it does not fit.
 * @throws DomainError `oauth_state_invalid`: unknown, used, expired, of another platform, or of someone who may no longer connect accounts
 */
export async function takeOAuthState(
  deps: Pick<CoreDependencies, 'db'>,
  { platform, state }: { readonly platform: PlatformId; readonly state?: string | undefined },
): Promise<TakenState> {
  const stateHash = hashToken(state ?? '');
  const taken = await deps.db.asIdentity(async (tx) => {
    const rows = await queryRows(tx, stateColumns)`
      delete from oauth_states s where s.state_hash = ${stateHash}
      returning s.state_hash as "stateHash", s.organization_id as "organizationId", s.redirect_to as "redirectTo",
        s.code_verifier as "sealedVerifier", s.pending as "sealedPending", s.platform, s.principal,
        s.expires_at > clock_timestamp() as "isAlive"`;
    const [row] = rows;
    if (row === undefined || !row.isAlive || row.platform !== platform || row.principal === null) return null;
    const beginner = await findRightHolder(
      tx,
      { organizationId: row.organizationId, principal: row.principal },
      'accounts:manage',
    );
    return beginner === null ? null : { ...row, beginner };
  });
  if (taken !== null) return taken;
  throw new DomainError(
    'oauth_state_invalid',
    'The authorization is unknown, was used already or took longer than 10 minutes: start again.',
  );
}
