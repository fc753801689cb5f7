import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { Transaction } from '@vibetribe/db/connect-database';
import { sql } from 'drizzle-orm';
import { mediaTransfers } from '@vibetribe/db/schema/media';
import { collectObject, unfinishedHoursMax } from './collect-object.ts';
import type { MediaDependencies } from './media-dependencies.ts';
import { isOver } from './media-quota.ts';

export interface CollectedGarbage {
  /** Media that no post uses, and was not used for the days given. */
  readonly media: number;
  /** Files removed from the store. */
  readonly files: number;
  readonly bytes: number;
  /** Files that the store did not let go; the next run tries again. */
  readonly failed: number;
  /** Temporary files, renditions and copies removed from this machine. */
  readonly temporaryFiles: number;
}

const batchRows = 500;

/** Removes what nobody uses: media without a post, content without media, uploads that were cut off, renditions grown old. */
export async function collectGarbage(
  deps: Pick<MediaDependencies, 'db' | 'media' | 'logger'>,
  { unusedDays, signal }: { readonly unusedDays: number; readonly signal?: AbortSignal | undefined },
): Promise<CollectedGarbage> {
  const media = await deleteUnusedMedia(deps, unusedDays, signal);
  const collected = await collectObjects(deps, signal);
  if (signal?.aborted === true) return { media, ...collected, temporaryFiles: 0 };
  await deps.db.asWorker((tx) => tx.delete(mediaTransfers).where(isOver()));
  const { files: temporaryFiles } = await deps.media.sweep();
  return { media, ...collected, temporaryFiles };
}

/** In small transactions, oldest first; what is used is passed by once. */
async function deleteUnusedMedia(
  { db }: Pick<MediaDependencies, 'db'>,
  unusedDays: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let deleted = 0;
  let after = { createdAt: '-infinity', id: '' };
  for (;;) {
    if (signal?.aborted === true) return deleted;
    const { candidates, removed } = await db.asWorker(async (tx) => {
      const found = await findUnused(tx, unusedDays, after);
      const ids = found.flatMap(({ id, isUsed }) => (isUsed ? [] : [id]));
      return { candidates: found, removed: await deleteIfUnused(tx, ids) };
    });
    deleted += removed;
    const last = candidates.at(-1);
    if (last === undefined || candidates.length < batchRows) return deleted;
    after = last;
  }
}

const candidateColumns = {
  createdAt: column.text,
  id: column.text,
  isUsed: column.boolean,
};
type Candidate = RowOf<typeof candidateColumns>;

async function findUnused(
  tx: Transaction,
  unusedDays: number,
  after: Pick<Candidate, 'createdAt' | 'id'>,
): Promise<Candidate[]> {
  const before = sql`now() - make_interval(days => ${unusedDays}::int)`;
  const rows = await queryRows(tx, candidateColumns)`
    select created_at::text as "createdAt", id, media_is_used(organization_id, id, false) as "isUsed" from media
    where created_at < ${before} and coalesce(last_used_at, created_at) < ${before}
      and (created_at, id) > (${after.createdAt}::timestamptz, ${after.id})
    order by created_at, id limit ${batchRows}`;
  return rows;
}

/** Locked by one statement and looked at by the next: whoever saves a post with it holds it until the commit, and then uses it. */
async function deleteIfUnused(tx: Transaction, ids: readonly string[]): Promise<number> {
  const rows = await queryRows(tx, {
    id: column.text,
  })`select id from media where id = any(${sql.param(ids)}::text[]) order by id for update skip locked`;
  const locked = rows.map(({ id }) => id);
  const { rowCount } = await tx.execute(sql`
    delete from media where id = any(${sql.param(locked)}::text[]) and not media_is_used(organization_id, id, false)`);
  return rowCount ?? 0;
}

async function collectObjects(
  deps: Pick<MediaDependencies, 'db' | 'media' | 'logger'>,
  signal: AbortSignal | undefined,
): Promise<{ files: number; bytes: number; failed: number }> {
  const collected = { files: 0, bytes: 0, failed: 0 };
  let afterId = '';
  for (;;) {
    const ids = await garbageAfter(deps, afterId);
    for (const id of ids) {
      if (signal?.aborted === true) return collected;
      try {
        const bytes = await collectObject(deps, id);
        collected.files += bytes === null ? 0 : 1;
        collected.bytes += bytes ?? 0;
      } catch (error) {
        collected.failed += 1;
        deps.logger.warn({ err: error, objectId: id }, 'an unused file could not be removed from the store');
      }
    }
    const last = ids.at(-1);
    if (last === undefined || ids.length < batchRows) return collected;
    afterId = last;
  }
}

async function garbageAfter(
  { db, media }: Pick<MediaDependencies, 'db' | 'media'>,
  afterId: string,
): Promise<string[]> {
  const rows = await db.asWorker(
    (tx) =>
      queryRows(tx, { id: column.text })`
      select o.id from media_objects o
      where o.id > ${afterId} and o.store = ${media.store.id}
        and (o.removing_at is not null
          or ((o.stored_at is not null or o.touched_at < now() - make_interval(hours => ${unfinishedHoursMax}::int))
            and not exists (select 1 from media m where m.organization_id = o.organization_id and m.object_id = o.id)))
      order by o.id limit ${batchRows}`,
  );
  return rows.map(({ id }) => id);
}
