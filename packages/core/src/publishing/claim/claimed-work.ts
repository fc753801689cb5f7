import { column, queryRows } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import type { PlatformId } from '@vibetribe/contracts/platform-id';
import type { AdapterAccount } from '@vibetribe/platforms/port/account';
import { sql } from 'drizzle-orm';
import type { CoreDependencies } from '../../core-dependencies.ts';
import { altsFor } from '../../media/media-alts.ts';
import type { Moved } from '../state/transition.ts';
import { isAppInDoubt } from './app-probe.ts';
import type { ClaimContext } from './claim-context.ts';
import { partContents } from '../../content/part-contents.ts';
import { type PublicationWork, type StoredStep, storedStepColumns } from './publication-work.ts';
import { openPart } from './work-part.ts';

export async function readSteps(tx: Transaction, ids: readonly string[]): Promise<Map<string, StoredStep[]>> {
  const byPublication = new Map<string, StoredStep[]>();
  const rows = await queryRows(tx, { publicationId: column.text, ...storedStepColumns })`
    select publication_id as "publicationId", name, effect, key, keyed_at is not null as keyed, result, done_at is not null as done
    from publication_steps where publication_id = any(${sql.param(ids)}::text[])`;
  for (const { publicationId, ...stored } of rows) {
    byPublication.set(publicationId, [...(byPublication.get(publicationId) ?? []), stored]);
  }
  return byPublication;
}

function rulesOf({ serverRules }: ClaimContext): Pick<AdapterAccount, 'serverRules'> {
  return serverRules === null || serverRules === undefined ? {} : { serverRules };
}

export function workOf(
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  context: ClaimContext,
  taken: Moved,
  allSteps: readonly StoredStep[],
): PublicationWork {
  const { row, postContent: content, postMediaIds: mediaIds, postThread: thread } = context;
  const parts = partContents(adapters[row.platform], { content, mediaIds, thread }, row.variant);
  return {
    parts,
    ...openPart({ publicationId: row.id, parts, allSteps }, taken.state),
    publicationId: row.id,
    organizationId: row.organizationId,
    postId: row.postId,
    accountId: row.accountId,
    accountDisconnected: context.accountDisconnected,
    platform: row.platform satisfies PlatformId,
    fence: taken.state.fence,
    purpose: taken.state.intentAtMs === null ? 'send' : 'reconcile',
    state: taken.state,
    mediaAlts: altsFor(context.postMediaAlts, row.variant),
    ...holderOf(context),
    allSteps,
    isAppInDoubt: isAppInDoubt(context),
    claimedAtMs: row.nowMs,
  };
}

/** Whose it is, and what it is sent with; the token is still ciphertext. */
export function holderOf(context: ClaimContext): Pick<PublicationWork, 'account' | 'grant'> {
  return {
    account: {
      externalId: context.externalId,
      handle: context.handle,
      service: context.service === '' ? null : context.service,
      ...rulesOf(context),
    },
    grant: {
      id: context.grantId,
      credentialSource: context.credentialSource,
      refreshFence: context.refreshFence,
      sealedCredentials: context.sealedCredentials,
      expiresAtMs: context.tokenExpiresAtMs,
      refreshedAtMs: context.tokenRefreshedAtMs,
    },
  };
}
