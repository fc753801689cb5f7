import type { PublicationRow } from '../store/publication-row.ts';
import type { ClaimContext } from '../claim/claim-context.ts';
import { holderOf } from '../claim/claimed-work.ts';
import { partContents } from '../../content/part-contents.ts';
import type { PublicationWork } from '../claim/publication-work.ts';
import type { CoreDependencies } from '../../core-dependencies.ts';
import type { VisiblePart } from '@vibetribe/platforms/port/account';
import type { TextContent } from '@vibetribe/platforms/port/content';
import { column, type RowOf } from '@vibetribe/db/query-rows';
import { sql } from 'drizzle-orm';
import { z } from 'zod';

/** What somebody wants done to a publication that is out. */
export const changeColumns = {
  id: column.text,
  publicationId: column.text,
  kind: z.enum(['remove', 'edit']),
  content: column.textOrNull,
  version: column.number,
  fence: column.number,
  dueAtMs: column.numberOrNull,
  leaseUntilMs: column.numberOrNull,
  intentAtMs: column.numberOrNull,
  partsRemoved: column.number,
  firstFailedAtMs: column.numberOrNull,
  faults: column.number,
  /** The database's clock when the row was read. */
  nowMs: column.number,
};
export type ChangeRow = RowOf<typeof changeColumns>;

const ms = (name: string) => `floor(extract(epoch from c.${name}) * 1000)::float8`;

/** The expressions behind `changeColumns`, for a query with `publication_changes c`. */
export const shownChange = sql.raw(`
  c.id, c.publication_id as "publicationId", c.kind, c.content, c.version, c.fence::float8 as fence, ${ms('due_at')} as "dueAtMs",
  ${ms('lease_until')} as "leaseUntilMs", ${ms('intent_at')} as "intentAtMs", c.parts_removed as "partsRemoved",
  ${ms('first_failed_at')} as "firstFailedAtMs", c.faults, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"`);

/** A claimed change with everything its publisher needs. */
export interface ChangeWork extends Pick<
  PublicationWork,
  'publicationId' | 'organizationId' | 'postId' | 'accountId' | 'platform' | 'account' | 'grant' | 'claimedAtMs'
> {
  readonly change: ChangeRow;
  /** What stands on the platform by our own record of it, first to last. */
  readonly parts: readonly VisiblePart[];
  /** Of an edit: the wanted text under the options of the post. */
  readonly content: TextContent;
  readonly breakerKey: string;
}

export function changeWorkOf(
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  context: ClaimContext,
  change: ChangeRow,
): ChangeWork {
  const { row, postContent, postMediaIds: mediaIds, postThread: thread } = context;
  const contents = partContents(adapters[row.platform], { content: postContent, mediaIds, thread }, row.variant);
  return {
    change,
    publicationId: row.id,
    organizationId: row.organizationId,
    postId: row.postId,
    accountId: row.accountId,
    platform: row.platform,
    ...holderOf(context),
    parts: partsOut(row).filter((_, index) => contents[index]?.kind !== 'comment'),
    content: { text: change.content ?? '', options: contents[0].content.options },
    breakerKey: context.breakerKey,
    claimedAtMs: row.nowMs,
  };
}

/** Comments go with their post: platforms that have them take them off themselves. */
function partsOut(row: PublicationRow): VisiblePart[] {
  const out = row.parts.length > 0 ? row.parts : [{ ...row, reference: null }];
  return out.map(({ platformPostId, url, reference }) => ({
    platformPostId: platformPostId ?? '',
    url,
    ...(reference === null ? {} : { reference }),
  }));
}

/** A whole publication of which we know where each part stands; null where one of them is unknown. */
export function countPartsOut(row: PublicationRow): number | null {
  if (row.parts.length === 0) return row.platformPostId === null ? (row.status === 'published' ? null : 0) : 1;
  return row.parts.every(({ platformPostId }) => platformPostId !== null) ? row.parts.length : null;
}
