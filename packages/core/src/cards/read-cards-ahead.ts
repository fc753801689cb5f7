import { column, queryRows, type RowOf } from '@vibetribe/db/query-rows';
import type { ThreadPart, Variant } from '@vibetribe/contracts/post';
import { PlatformId, platformIds } from '@vibetribe/contracts/platform-id';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CoreDependencies } from '../core-dependencies.ts';
import { partContents } from '../content/part-contents.ts';
import type { CardReader } from './card-reader.ts';
import { findReading, storeReading } from './card-rows.ts';
import { readsPage, wishOf } from './card-wish.ts';

const aheadMinutes = 10;
const perTurnMax = 400;
const perOrganizationMax = 50;
/** Pages that are read at once for one organization. The reader has room for as many again, for posts that are sent meanwhile. */
const readersPerOrganization = 2;
const readWithinMs = 10_000;
const turnMs = 15_000;

type AheadDependencies = Pick<CoreDependencies, 'db' | 'adapters' | 'logger'>;

const soonColumns = {
  organizationId: column.text,
  publicationId: column.text,
  platform: PlatformId,
  variant: column.json<Variant>(),
  content: column.text,
  mediaIds: z.array(z.string()),
  thread: column.json<ThreadPart[] | null>(),
};

/**
 * Reads the pages that posts of the next minutes link to. What is not reached in a turn is left to the next one, and what never is
 * to the send. @returns how many pages were read
 */
export async function readCardsAhead(
  deps: AheadDependencies,
  reader: CardReader,
  signal: AbortSignal,
): Promise<number> {
  const soon = await takeSoon(deps);
  const wanted = soon.flatMap((publication) => linksOf(deps, publication));
  const over = AbortSignal.any([signal, AbortSignal.timeout(turnMs)]);
  const left: string[] = [];
  let count = 0;
  await Promise.all(
    [...Map.groupBy(wanted, ({ organizationId }) => organizationId).values()].flatMap((own) => {
      const queue = own.values();
      return Array.from({ length: readersPerOrganization }, async () => {
        for (const card of queue) {
          if (over.aborted) left.push(card.publicationId);
          else {
            await readOne(deps, reader, card);
            count += 1;
          }
        }
      });
    }),
  );
  if (left.length > 0)
    await deps.db.asWorker((tx) =>
      tx.execute(sql`update publications set cards_looked_for_at = null where id = any(${sql.param(left)}::text[])`),
    );
  return count;
}

interface WantedAhead {
  readonly organizationId: string;
  readonly publicationId: string;
  readonly part: number;
  readonly url: string;
}

async function readOne(deps: AheadDependencies, reader: CardReader, wanted: WantedAhead): Promise<void> {
  try {
    const known = await findReading(deps, wanted, wanted.url);
    const reading = known ?? (await reader.read({ ...wanted, withinMs: readWithinMs }));
    await storeReading(deps, wanted, wanted.url, reading);
  } catch (error) {
    deps.logger.warn({ err: error, publicationId: wanted.publicationId }, 'a link card could not be read ahead');
  }
}

function linksOf(
  { adapters }: Pick<CoreDependencies, 'adapters'>,
  { platform, variant, content, mediaIds, thread, ...place }: RowOf<typeof soonColumns>,
): WantedAhead[] {
  const adapter = adapters[platform];
  return partContents(adapter, { content, mediaIds, thread }, variant).flatMap((shown, part) => {
    const wish = wishOf(adapter, shown);
    if (wish === null || !readsPage(wish)) return [];
    return [{ ...place, part, url: wish.url }];
  });
}

/** Takes a few publications of each organization; other processes take others. */
function takeSoon({ db, adapters }: Pick<CoreDependencies, 'db' | 'adapters'>): Promise<RowOf<typeof soonColumns>[]> {
  const platforms = platformIds.filter((id) => adapters[id].linkCard !== undefined);
  return db.asWorker(
    (tx) => queryRows(tx, soonColumns)`
      with near as (
        select p.id, row_number() over (partition by p.organization_id order by p.scheduled_at, p.id) as place
        from publications p
        where p.status = 'scheduled' and p.cards_looked_for_at is null and p.platform = any(${sql.param(platforms)}::text[])
          and p.scheduled_at > statement_timestamp() and p.scheduled_at < statement_timestamp() + ${aheadMinutes} * interval '1 minute'
      ), taken as (
        select p.id from publications p
        where p.id = any(array(select id from near where place <= ${perOrganizationMax} limit ${perTurnMax}))
          and p.cards_looked_for_at is null and p.lease_until is null
        for update skip locked
      )
      update publications p set cards_looked_for_at = clock_timestamp()
      from taken, posts po where p.id = taken.id and po.id = p.post_id
      returning p.organization_id as "organizationId", p.id as "publicationId", p.platform, p.variant, po.content,
        po.media_ids as "mediaIds", po.thread`,
  );
}
