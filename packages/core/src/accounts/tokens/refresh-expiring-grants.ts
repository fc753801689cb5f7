import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import { PlatformId } from '@vibetribe/contracts/platform-id';
import { sql } from 'drizzle-orm';
import { shareOfOrganization, shareOfServer } from '../../platforms/platform-shares.ts';
import { workInShares } from '../../work-in-shares.ts';
import { getValidToken, type TokenDependencies, type TokenOptions } from './get-valid-token.ts';

/** `unchanged`: it cannot be refreshed, or somebody else has just done it. `later`: not refreshed now, tried again in the next run or on use. */
export type RefreshOutcome = 'refreshed' | 'unchanged' | 'needs_reauth' | 'later';

export interface RefreshedGrants extends Readonly<Record<RefreshOutcome, number>> {
  readonly found: number;
}

export interface RefreshExpiringOptions {
  /** Grants that end sooner than this from now by the database's clock, or than their platform's `TokenRefresh.aheadMs`. */
  readonly withinMs: number;
  readonly concurrency: number;
  readonly batchSize: number;
  readonly onOutcome?: ((platform: PlatformId, outcome: RefreshOutcome) => void) | undefined;
  readonly policy?: TokenOptions['policy'];
  /** Begins no further refresh once it aborts; those under way come to their end. */
  readonly signal?: AbortSignal | undefined;
}

/** One organization's slow server keeps so many waiting before others must wait for it. */
const pendingBatches = 10;

const expiringGrantColumns = {
  id: column.text,
  organizationId: column.text,
  /** '' where the platform is one server. */
  service: column.text,
  platform: PlatformId,
  expiresAt: column.text,
};
type ExpiringGrant = RowOf<typeof expiringGrantColumns>;

/**
 * Refreshes every grant that ends within the time given, of each organization and server the one that ends first at first. Any number of processes may do so at once:
 * each grant is refreshed under its own lease, and one that is held already is left out.
 */
export async function refreshExpiringGrants(
  deps: TokenDependencies,
  options: RefreshExpiringOptions,
): Promise<RefreshedGrants> {
  const counts = { found: 0, refreshed: 0, unchanged: 0, needs_reauth: 0, later: 0 };
  const refreshOne = async (grant: ExpiringGrant) => {
    const outcome = await outcomeOf(deps, grant, options);
    counts[outcome] += 1;
    options.onOutcome?.(grant.platform, outcome);
  };
  let after: ExpiringGrant | null = null;
  let isLast = false;
  await workInShares<ExpiringGrant>({
    placesMax: options.concurrency,
    pendingMax: pendingBatches * options.batchSize,
    async read() {
      if (isLast) return [];
      const batch = await findExpiring(deps, options, after);
      counts.found += batch.length;
      after = batch.at(-1) ?? null;
      isLast = batch.length < options.batchSize;
      return batch;
    },
    sharesOf: ({ organizationId, service }) => [shareOfOrganization(organizationId), ...shareOfServer(service)],
    work: refreshOne,
    signal: options.signal,
  });
  return counts;
}

async function findExpiring(
  deps: Pick<TokenDependencies, 'db' | 'adapters'>,
  { withinMs, batchSize }: RefreshExpiringOptions,
  after: ExpiringGrant | null,
): Promise<ExpiringGrant[]> {
  const behind =
    after === null ? sql`true` : sql`(g.expires_at, g.id) > (${after.expiresAt}::timestamptz, ${after.id})`;
  const aheads = Object.fromEntries(
    Object.values(deps.adapters).map(({ id, refresh }) => [id, Math.max(withinMs, refresh?.aheadMs ?? 0)]),
  );
  const rows = await deps.db.asWorker(
    (tx) =>
      queryRows(tx, expiringGrantColumns)`
      select g.id, g.organization_id as "organizationId", coalesce(g.service, '') as service, g.platform, g.expires_at::text as "expiresAt" from grants g
      where g.dead_at is null and g.expires_at <= statement_timestamp() + ${Math.max(...Object.values(aheads))} * interval '1 millisecond'
        and g.expires_at <= statement_timestamp() + (${JSON.stringify(aheads)}::jsonb ->> g.platform)::float8 * interval '1 millisecond' and ${behind}
        and (g.refresh_until is null or g.refresh_until <= statement_timestamp())
        and exists (select 1 from accounts a where a.grant_id = g.id and a.status = 'active')
      order by g.expires_at, g.id limit ${batchSize}`,
  );
  return rows;
}

async function outcomeOf(
  deps: TokenDependencies,
  grant: ExpiringGrant,
  { withinMs, policy }: RefreshExpiringOptions,
): Promise<RefreshOutcome> {
  try {
    const token = await getValidToken(deps, grant.id, {
      minValidityMs: Math.max(withinMs, deps.adapters[grant.platform].refresh?.aheadMs ?? 0),
      ...(policy === undefined ? {} : { policy }),
    });
    switch (token.kind) {
      case 'valid':
        return token.refreshed ? 'refreshed' : 'unchanged';
      case 'dead':
        return 'needs_reauth';
      case 'busy':
      case 'unavailable':
        return 'later';
    }
  } catch (error) {
    deps.logger.error({ err: error, grantId: grant.id, platform: grant.platform }, 'a grant could not be looked at');
    return 'later';
  }
}
